/** A step of the journal as events: what it looks like in each mode of a stream. */
import type { Event, EventMode, Json, JsonObject } from '@weft/contract';

import { taskId } from '../../domain/ids.ts';
import type { StepRecord, TaskFact } from '../../domain/run/journal.ts';
import type { RunStatus } from '../../domain/run/records.ts';
import { separate } from '../../domain/state/several.ts';
import { nodeOf } from '../../domain/task-key.ts';
import type { TaskResult } from '../../ports/index.ts';
import { toSummary } from './checkpoints/name-checkpoint.ts';
import { toInstant } from './instant.ts';
import { toStep } from './read-steps.ts';
import type { StepWithWrites } from './read-steps.ts';
import { updatesOf } from './run-state.ts';

/** Which step, and the run after it as far as that is asked for. */
export type StepMoment = {
  runId: string;
  step: StepWithWrites;
  state: JsonObject | null;
  status: RunStatus;
  /** Of the tasks that it settled. */
  results: readonly TaskResult[];
};

/** In this order the modes tell of a step. */
const ORDER: readonly EventMode[] = ['tasks', 'updates', 'values', 'checkpoints', 'debug', 'custom', 'messages'];

/** At most one event for each mode. */
export function stepEvents(moment: StepMoment, modes: ReadonlySet<EventMode>): Event[] {
  const { runId, step } = moment;
  const { record } = step;
  const events: Event[] = [];
  for (const mode of ORDER) {
    const data = modes.has(mode) ? dataOf(mode, moment) : undefined;
    if (data === undefined) continue;
    events.push({ runId, step: record.step, mode, type: record.type, at: toInstant(record.at), data });
  }
  return events;
}

/** The tasks that the step has ended, by key. */
export function endedKeys({ facts }: StepRecord): string[] {
  return (facts.tasks ?? []).filter(({ status }) => status === 'succeeded').map(({ key }) => key);
}

function dataOf(mode: EventMode, moment: StepMoment): Json | undefined {
  const { runId, step, state, status } = moment;
  switch (mode) {
    case 'values':
      return state ?? undefined;
    case 'updates':
      return updatesData(step);
    case 'tasks':
      return tasksData(moment);
    case 'checkpoints':
      return toSummary(runId, step.record, status);
    case 'debug':
      return {
        ...toStep(runId, step),
        checkpoint: toSummary(runId, step.record, status),
        ...taskNews(moment),
      };
    case 'custom':
    case 'messages':
      return voidsData(step.record);
  }
}

/** A superstep tells the updates of each of its tasks, in the order in which it has applied them. */
function updatesData({ record, writes }: StepWithWrites): JsonObject | undefined {
  if (writes.length === 0) return undefined;
  const { writers } = record.facts;
  if (!writers) return { node: record.node, updates: updatesOf(writes) };
  const left = new Map(
    writes.map(({ channel, value }): [string, Json[]] => [channel, Array.from(separate([value])).toReversed()]),
  );
  const tasks = writers.flatMap(([node, channels, count]) =>
    Array.from({ length: count }, () => ({
      node,
      updates: Object.fromEntries(channels.map((channel) => [channel, left.get(channel)?.pop() ?? null])),
    })),
  );
  return { node: null, tasks };
}

function tasksData(moment: StepMoment): JsonObject | undefined {
  const { record } = moment.step;
  const { tasks, run } = record.facts;
  if (!tasks && !run) return undefined;
  return {
    ...placeOf(record),
    ...(record.worker !== null && { worker: record.worker }),
    ...(tasks && { tasks: tasks as unknown as Json }),
    ...(run && { run: run as unknown as Json }),
    ...taskNews(moment),
  };
}

function placeOf({ taskId: id, node, attempt }: StepRecord): JsonObject {
  return { ...(id !== null && { taskId: id }), ...(node !== null && { node }), ...(attempt !== null && { attempt }) };
}

/** The tasks that have become ready, those that have ended, and the attempt that has come to nothing. */
function taskNews({ runId, step: { record }, results }: StepMoment): JsonObject {
  const facts = record.facts.tasks ?? [];
  const byKey = new Map(results.map((result) => [result.key, result]));
  const triggers = [record.node ?? '__start__'];
  const starts = facts.filter(({ status }) => status === 'ready');
  const ends = facts.filter(({ status }) => status === 'succeeded' || status === 'failed');
  const voids = voidedAttempt(record);
  return {
    ...(starts.length > 0 && { starts: starts.map((fact) => ({ ...taskOf(runId, record, fact), triggers })) }),
    ...(ends.length > 0 && {
      ends: ends.map((fact) => ({ ...taskOf(runId, record, fact), ...endOf(fact, byKey.get(fact.key)) })),
    }),
    ...(voids && { voids }),
  };
}

function taskOf(runId: string, record: StepRecord, { key, attempt }: TaskFact): JsonObject {
  const id = key === record.key && record.taskId !== null ? record.taskId : taskId(runId, record.epoch, key);
  return { taskId: id, key, node: nodeOf(key), attempt };
}

function endOf({ status, error }: TaskFact, result: TaskResult | undefined): JsonObject {
  if (status === 'failed') return error ? { error } : {};
  return result?.output === undefined ? { resultOmitted: true } : { result: result.output };
}

/** Who puts the events of attempts together hears from the journal which of them count for nothing. */
function voidsData(record: StepRecord): JsonObject | undefined {
  const voids = voidedAttempt(record);
  return voids && { ...placeOf(record), voids };
}

/**
 * The attempt that ended without a result: whatever it told counts for nothing. It is that of the step's own task, if the
 * step says that it failed, waits for its next attempt, or is handed out anew.
 */
function voidedAttempt({ taskId: id, key, attempt, facts }: StepRecord): JsonObject | undefined {
  if (id === null || attempt === null || attempt === 0) return undefined;
  const own = facts.tasks?.find((fact) => fact.key === key);
  if (!own) return undefined;
  const isOver = own.status === 'failed' || ((own.status === 'ready' || isRetry(own)) && own.attempt > attempt);
  return isOver ? { taskId: id, attempt } : undefined;
}

function isRetry({ status, waits }: TaskFact): boolean {
  return status === 'waiting' && (waits ?? 'retry') === 'retry';
}
