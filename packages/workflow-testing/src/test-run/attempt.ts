/** Attempts that are under way in virtual time. */
import type { Json } from '@weft/contract';
import { ownerOf, placeOf } from '@weft/engine/domain';
import type { AttemptRef, TaskRecord } from '@weft/engine/domain';
import type { Outcome, TaskMessage } from '@weft/engine/ports';

import type { ChildRequest } from '../mesh/mesh.ts';
import type { StoredRun } from '../mesh/stored-run.ts';
import type { CallPlace } from '../script/play.ts';
import type { Told } from './ear.ts';
import type { Performed } from './performer.ts';
import type { World } from './world.ts';

/** What an attempt did, for assertions. */
export type Call = Told & {
  runId: string;
  workflow: string;
  node: string;
  key: string;
  attempt: number;
  iteration: number;
  /** Of the target of a send: its place and its item. */
  index: number | null;
  item: Json;
  /** The rendered input, as the executor gets it, secrets by name. */
  input: Json;
  /** Virtual time since the start of the run, ms; null while it runs. */
  startedMs: number;
  endedMs: number | null;
  /** `cached`: the result of an equal call was taken. `aborted`: its run ended before it did. `continued`: the task runs again. */
  result: 'succeeded' | 'failed' | 'continued' | 'crashed' | 'cached' | 'aborted' | null;
  output?: Json;
  error?: Extract<Outcome, { kind: 'failed' }>['error'];
};

export type Attempt = {
  runId: string;
  ref: AttemptRef;
  call: Call;
  startedAt: number;
  /** Infinity: it never ends by itself. */
  endsAt: number;
  /** Decides between attempts that end at the same instant. */
  order: number;
  /** Of a recorded attempt: the step that it led to. */
  step: number | null;
  /** Null: its worker is lost with it. */
  outcome: Outcome | null;
  /** Its worker was declared dead and may still report: the fence refuses it. */
  isZombie: boolean;
  /** It stands in for a child run. */
  child: ChildRequest | null;
  /** Of a cached task: the key of the call. */
  cacheKey: string | null;
  /** Gives back to its script what it was to do. */
  giveBack: () => void;
};

/** An attempt that begins now, and ends at once unless it is said to take longer. */
export function newAttempt(
  { clock, elapsed }: World,
  run: StoredRun,
  { task, input, order }: { task: TaskRecord; input: Json; order: number },
): Attempt {
  const { key, epoch, attempt, node, item } = task;
  const call: Call = {
    runId: run.id,
    workflow: run.rows.head.workflow.name,
    node,
    key,
    attempt,
    iteration: placeOf(key).iteration,
    index: ownerOf(key)?.item ?? null,
    item,
    input: structuredClone(input),
    startedMs: elapsed(),
    endedMs: null,
    result: null,
    emitted: [],
    text: '',
    progress: [],
  };
  const now = clock.now();
  return {
    runId: run.id,
    ref: { key, taskEpoch: epoch, runEpoch: run.rows.head.epoch, attempt },
    call,
    startedAt: now,
    endsAt: now,
    order,
    step: null,
    outcome: null,
    isZombie: false,
    child: null,
    cacheKey: null,
    giveBack: () => undefined,
  };
}

export function placeOfCall(
  { node, key, attempt, iteration, item, index }: Call,
  more: { call: number; now: number },
): CallPlace {
  return { node, key, attempt, iteration, item, index, ...more };
}

/** What came of an attempt, which its run learns when its time is over. */
export function hear(attempt: Attempt, { outcome, told }: Performed): void {
  attempt.outcome = outcome;
  Object.assign(attempt.call, told);
}

export function finishCall(call: Call, outcome: Outcome | null, endedMs: number): void {
  call.endedMs = endedMs;
  if (!outcome) call.result = 'crashed';
  else if (outcome.kind === 'failed') Object.assign(call, { result: 'failed', error: outcome.error });
  else if (outcome.kind === 'again') call.result = 'continued';
  else Object.assign(call, { result: outcome.cached ? 'cached' : 'succeeded', output: outcome.output });
}

/** What a worker would be given of the task. */
export function toMessage({ rows, id }: StoredRun, task: TaskRecord): TaskMessage {
  const { key, node, epoch, attempt, lane, priority, readyAt, crashes } = task;
  const run = { runId: id, runEpoch: rows.head.epoch, workflow: rows.head.workflow };
  return {
    ...run,
    taskId: task.id,
    key,
    node,
    taskEpoch: epoch,
    attempt,
    lane: lane ?? 'default',
    priority,
    readyAt,
    crashes,
  };
}
