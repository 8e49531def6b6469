/** A run on rows in memory that remembers what it looked like after each decision, and can be read as a store is. */
import type { JsonObject } from '@weft/contract';

import type { ChannelRecord, ChannelWrite, RunEvent, TaskRecord } from '../../src/domain/index.ts';
import { TERMINAL_RUN } from '../../src/domain/index.ts';
import type { RunReader, RunRecord, StepRange } from '../../src/ports/index.ts';
import type { CheckpointDeps } from '../../src/runtime/queries/checkpoints/read-checkpoint.ts';
import { foldState } from '../../src/runtime/queries/run-state.ts';
import { isLive } from '@weft/testing/rows';
import { Scenario } from '../run/scenario.ts';

/** What a reader of the run sees at a moment. */
export type Picture = {
  status: string;
  state: JsonObject;
  tasks: Record<string, object>;
  live: number;
  asking: number;
};

export class RecordedRun extends Scenario {
  /** By the step that was the last one then. */
  readonly pictures = new Map<number, Picture>();

  override settle(...events: RunEvent[]): ReturnType<Scenario['settle']> {
    this.pictures.set(this.rows.head.step, this.look());
    const decision = super.settle(...events);
    this.pictures.set(this.rows.head.step, this.look());
    return decision;
  }

  look(): Picture {
    const { head, writes } = this.rows;
    const ended = TERMINAL_RUN.has(head.status);
    const tasks = this.rows.newestTasks().map((task) => [task.key, shown(task, ended)] as const);
    return {
      status: head.status,
      state: foldState(this.graph, channelsOf(writes)),
      tasks: Object.fromEntries(tasks),
      live: head.live,
      asking: head.asking,
    };
  }

  get deps(): CheckpointDeps {
    return { reader: rowsReader(this), loadGraph: async () => this.graph };
  }
}

function shown({ id, status, attempt, failures, crashes, waits }: TaskRecord, ended: boolean): object {
  const seen = ended && isLive(status) ? 'cancelled' : status === 'running' ? 'ready' : status;
  return { id, status: seen, attempt, failures, crashes, ...(seen === 'waiting' && { waits }) };
}

/** Reads the rows of the scenario, whose run is there under any name. */
function rowsReader({ rows }: Scenario): RunReader {
  const inside = ({ fromStep, toStep }: StepRange, step: number): boolean => fromStep <= step && step <= toStep;
  return {
    run: async () => ({ head: rows.head }) as RunRecord,
    steps: async (_, { afterStep, limit }) => rows.steps.slice(afterStep, afterStep + limit),
    facts: async (_, range) => rows.steps.filter(({ step }) => inside(range, step)),
    spent: async () => [],
    migrations: async () => [],
    branches: async (_, toStep) =>
      rows.steps.filter(({ step, parent }) => step <= toStep && parent !== step - 1).toReversed(),
    channelsAlong: async (_, path) =>
      channelsOf(rows.writes.filter(({ step }) => path.some((range) => inside(range, step)))),
  } as Partial<RunReader> as RunReader;
}

function channelsOf(writes: readonly ChannelWrite[]): Map<string, ChannelRecord> {
  const channels = new Map<string, ChannelRecord>();
  for (const [channel, rows] of Map.groupBy(writes, (write) => write.channel)) {
    const base = rows.filter(({ kind }) => kind === 'base').toSorted((a, b) => b.step - a.step)[0];
    const deltas = rows
      .filter(({ kind, step }) => kind === 'delta' && step > (base?.step ?? 0))
      .toSorted((a, b) => a.step - b.step)
      .map(({ value }) => value);
    channels.set(channel, {
      base: base?.value,
      deltas,
      lastStep: 0,
      deltaBytes: JSON.stringify(deltas).length,
      baseBytes: JSON.stringify(base?.value ?? null).length,
    });
  }
  return channels;
}
