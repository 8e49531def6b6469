/** The journal of a run as events: what each step looks like in each mode of a stream. */
import type { Event, EventMode, Json, JsonObject } from '@weft/contract';

import type { StepRecord } from '../../domain/run/journal.ts';
import { toInstant } from './instant.ts';
import type { QueryDeps } from './query-deps.ts';
import { readSteps, toStep } from './read-steps.ts';
import type { StepWithWrites } from './read-steps.ts';
import { applyWrites, foldState, updatesOf } from './run-state.ts';

/** The modes that can be streamed. */
export const STREAM_MODES = ['tasks', 'updates', 'values', 'debug'] as const satisfies EventMode[];
export type StreamMode = (typeof STREAM_MODES)[number];

export type JournalRequest = { tenant: string; runId: string; afterStep: number; modes: ReadonlySet<StreamMode> };

export type Journal = {
  /** The last step that was read. */
  readonly step: number;
  /** The next steps, each as its events (steps without any are left out), and whether one of them changed the run itself. */
  read(): Promise<{ told: Event[][]; more: boolean; runChanged: boolean }>;
};

const BATCH = 100;

/** Reads on from where it was; carries the state along where `values` is asked for. */
export async function openJournal(
  deps: Pick<QueryDeps, 'reader' | 'loadGraph'>,
  request: JournalRequest,
): Promise<Journal> {
  const { runId, modes } = request;
  const follow = modes.has('values') ? await openState(deps, request) : () => null;
  let known = request.afterStep;
  return {
    get step() {
      return known;
    },
    async read() {
      const steps = await readSteps(deps.reader, runId, { afterStep: known, limit: BATCH });
      known = steps.at(-1)?.record.step ?? known;
      const told = steps.map((step) => stepEvents({ runId, step, state: follow(step) }, modes));
      return {
        told: told.filter((events) => events.length > 0),
        more: steps.length === BATCH,
        runChanged: steps.some(({ record }) => record.facts.run !== undefined),
      };
    },
  };
}

async function openState(
  { reader, loadGraph }: Pick<QueryDeps, 'reader' | 'loadGraph'>,
  { tenant, runId, afterStep }: JournalRequest,
): Promise<(step: StepWithWrites) => JsonObject | null> {
  const record = await reader.run(tenant, runId);
  if (!record) return () => null;
  const graph = await loadGraph(record.head.workflow);
  let state = foldState(graph, afterStep === 0 ? new Map() : await reader.channels(runId, afterStep));
  return ({ writes }) => (state = applyWrites(graph, state, writes));
}

/** Which step, with the state after it where `values` is asked for. */
type StepMoment = { runId: string; step: StepWithWrites; state: JsonObject | null };

/**
 * The events of one step, each mode at most one: `tasks` what became of tasks and of the run, `updates` what a node wrote to
 * the state, `values` the whole state where it or the run changed, `debug` the step itself.
 */
function stepEvents(moment: StepMoment, modes: ReadonlySet<StreamMode>): Event[] {
  const { runId, step } = moment;
  const { record } = step;
  const events: Event[] = [];
  for (const mode of STREAM_MODES) {
    const data = modes.has(mode) ? dataOf(mode, moment) : undefined;
    if (data === undefined) continue;
    events.push({ runId, step: record.step, mode, type: record.type, at: toInstant(record.at), data });
  }
  return events;
}

function dataOf(mode: StreamMode, { runId, step, state }: StepMoment): Json | undefined {
  const { record, writes } = step;
  switch (mode) {
    case 'tasks':
      return tasksData(record);
    case 'updates':
      return writes.length > 0 ? { node: record.node, updates: updatesOf(writes) } : undefined;
    case 'values':
      return writes.length > 0 || record.facts.run ? (state ?? undefined) : undefined;
    case 'debug':
      return toStep(runId, step);
  }
}

function tasksData(record: StepRecord): JsonObject | undefined {
  const { tasks, run } = record.facts;
  if (!tasks && !run) return undefined;
  return {
    ...(record.taskId !== null && { taskId: record.taskId }),
    ...(record.node !== null && { node: record.node }),
    ...(record.attempt !== null && { attempt: record.attempt }),
    ...(record.worker !== null && { worker: record.worker }),
    ...(tasks && { tasks: tasks as unknown as Json }),
    ...(run && { run: run as unknown as Json }),
  };
}
