/** What became of a run in a test. */
import type { Json, JsonObject, Run, TaskError, Usage } from '@weft/contract';
import { placeOf } from '@weft/engine/domain';
import type { ChannelWrite, Graph, StepRecord, TaskRecord } from '@weft/engine/domain';

import type { StoredRun } from '../mesh/stored-run.ts';
import type { Call } from './attempt.ts';
import type { OpenQuestion } from './questions.ts';

/** `label`: the node, with `#1` behind it in the first iteration that a loop began, `[3]` for the item of a send. */
export type SettledTask = {
  label: string;
  node: string;
  key: string;
  status: 'succeeded' | 'failed' | 'skipped' | 'cancelled';
  step: number;
  /** Virtual time since the start of the run, ms. */
  atMs: number;
};

export type TaskResult = Pick<
  TaskRecord,
  'key' | 'node' | 'status' | 'output' | 'error' | 'attempt' | 'failures' | 'crashes'
> & {
  iteration: number;
  item?: number;
  waits: TaskRecord['waits'];
};

/** What only somebody outside, or time, can end. */
export type Waiting = {
  node: string;
  key: string;
  for: NonNullable<TaskRecord['waits']>;
  signal: string | null;
  question: string | null;
  message: string | null;
  untilMs: number | null;
};

export type RunResult = {
  id: string;
  status: Run['status'];
  output: Json;
  state: JsonObject;
  error: TaskError | null;
  /** The nodes that succeeded or failed, in this order; items of sends are left out. */
  path: string[];
  /** Every task that has ended, in this order, items and skipped ones as well. */
  settled: SettledTask[];
  /** Steps of the journal. */
  steps: StepRecord[];
  /** What they wrote to the state: a `base` is the new value itself, a `delta` goes through the reducer. */
  writes: ChannelWrite[];
  usage: Usage;
  /** Virtual time that it took, ms. */
  durationMs: number;
  /** What it waits for, if it has not ended. */
  waiting: Waiting[];
  questions: OpenQuestion[];
  /** Child runs that were started, with the nodes that did. */
  children: { node: string; run: RunResult }[];
  /** The journal as lines such as `task_succeeded fetch`. */
  journal(): string[];
  /** The tasks of a node, or all; the newest activation of each key. */
  tasks(node?: string): TaskResult[];
  /** The output of a node: that of its latest iteration; null if it has none. */
  outputOf(node: string): Json;
  /** The state as the step has left it. Throws RangeError for a step that there is not. */
  stateAt(step: number): JsonObject;
  /** Attempts that began, those of cached results among them. */
  calls(node?: string): Call[];
  /** How often the executor of a node ran; taken results do not count. */
  called(node: string): number;
  /** The rendered inputs that the attempts of a node got. */
  inputs(node: string): Json[];
};

export type ResultParts = {
  run: StoredRun;
  /** All versions of its workflow. */
  versions: ReadonlyMap<number, Graph>;
  view: Run;
  calls: readonly Call[];
  questions: OpenQuestion[];
  children: RunResult['children'];
  startedAt: number;
  now: number;
};

const FINAL: ReadonlySet<string> = new Set(['succeeded', 'failed', 'skipped', 'cancelled']);

export function toResult({ run, versions, view, calls, questions, children, startedAt, now }: ResultParts): RunResult {
  const { rows } = run;
  const steps = structuredClone(rows.steps);
  const settled = settledTasks(steps, startedAt);
  const tasks = () => run.tasks().filter((task) => rows.taskOfKey(task.key)?.epoch === task.epoch);
  const own = calls.filter(({ runId }) => runId === run.id);
  const ofNode = (node?: string) => own.filter((call) => node === undefined || call.node === node);
  return {
    id: run.id,
    status: view.status,
    output: view.output,
    state: view.state,
    error: view.error,
    path: settled
      .filter(({ status, key }) => (status === 'succeeded' || status === 'failed') && !key.includes('/'))
      .map(({ label }) => label),
    settled,
    steps,
    writes: structuredClone(rows.writes.filter((write) => !rows.compactions.has(write))),
    usage: view.usage,
    durationMs: (run.endedAt ?? now) - run.createdAt,
    waiting: run.hasEnded ? [] : tasks().flatMap((task) => toWaiting(task, startedAt)),
    questions,
    children,
    journal: () => steps.map(({ type, node }) => (node === null ? type : `${type} ${node}`)),
    tasks: (node) =>
      tasks()
        .filter((task) => node === undefined || task.node === node)
        .map((task) => toTaskResult(task, run)),
    outputOf: (node) => tasks().findLast((task) => task.node === node)?.output ?? null,
    stateAt: (step) => {
      if (!steps.some((one) => one.step === step))
        throw new RangeError(`there is no step ${step}; the last one is ${steps.at(-1)?.step ?? 0}`);
      return run.stateAt(versions, step);
    },
    calls: (node) => ofNode(node),
    called: (node) => ofNode(node).filter(({ result }) => result !== 'cached').length,
    inputs: (node) => ofNode(node).map(({ input }) => input),
  };
}

function settledTasks(steps: readonly StepRecord[], startedAt: number): SettledTask[] {
  return steps.flatMap(({ step, at, facts }) =>
    (facts.tasks ?? []).flatMap(({ key, status }) => {
      if (!FINAL.has(status)) return [];
      const ended = { step, atMs: at - startedAt, status: status as SettledTask['status'] };
      return [{ ...labelOf(key), key, ...ended }];
    }),
  );
}

export function labelOf(key: string): { node: string; label: string } {
  const { iteration, item } = placeOf(key);
  const node = key.slice(key.lastIndexOf('/') + 1, key.lastIndexOf('#'));
  const label = `${node}${iteration > 0 ? `#${iteration}` : ''}${item === undefined ? '' : `[${item}]`}`;
  return { node, label };
}

function toTaskResult(task: TaskRecord, { hasEnded }: StoredRun): TaskResult {
  const { key, node, output, error, attempt, failures, crashes, waits } = task;
  const isDropped = hasEnded && !FINAL.has(task.status);
  const status = isDropped ? 'cancelled' : task.status;
  return {
    key,
    node,
    status,
    output,
    error,
    attempt,
    failures,
    crashes,
    waits: isDropped ? null : waits,
    ...placeOf(key),
  };
}

function toWaiting({ status, waits, node, key, detail }: TaskRecord, startedAt: number): Waiting[] {
  if (status !== 'waiting' || waits === null) return [];
  const question = detail?.kind === 'question' ? detail : null;
  const wait = detail?.kind === 'wait' ? detail : null;
  const until = question?.expiresAt ?? wait?.dueAt ?? null;
  return [
    {
      node,
      key,
      for: waits,
      signal: wait?.signal ?? null,
      question: question?.id ?? null,
      message: question?.message ?? null,
      untilMs: until === null ? null : until - startedAt,
    },
  ];
}
