/** Records for tests of the stores: whole and valid, with the parts that a test is about. */
import type { ChannelRecord, Decision, Reads, RunHead, RunSnapshot, StepRecord, TaskRecord } from '@weft/engine/domain';
import { emptyParts, freshHead, freshTask, makeUuidV7, noReads, taskId } from '@weft/engine/domain';
import type { NewRun, Plan, RunChange, Settlement, TaskAttempt } from '@weft/engine/ports';

import type { StoresUnderTest } from './opened-stores.ts';

let created = 0;

/** A run's id of this instant. */
export function newRunId(): string {
  return makeUuidV7(Date.now(), crypto.getRandomValues(new Uint8Array(10)));
}

/** A name that no other test has. */
export function unique(prefix: string): string {
  created += 1;
  return `${prefix}-${created}`;
}

export function head(parts: Partial<RunHead> = {}): RunHead {
  const workflow = { tenant: 'acme', name: 'flow', version: 1 };
  return freshHead({ id: newRunId(), workflow, priority: 2, status: 'running', step: 1, ...parts });
}

/** A task that is ready since step 1, on the lane `default`. */
export function task(runId: string, key: string, parts: Partial<TaskRecord> = {}): TaskRecord {
  const node = key.split('#')[0] ?? key;
  const id = taskId(runId, parts.epoch ?? 0, key);
  return freshTask({
    key,
    epoch: 0,
    id,
    node,
    readsAt: 1,
    readyAt: Date.now(),
    lane: 'default',
    priority: 2,
    ...parts,
  });
}

export function step(number: number, parts: Partial<StepRecord> = {}): StepRecord {
  return {
    step: number,
    parent: number - 1,
    epoch: 0,
    type: number === 1 ? 'run_started' : 'task_succeeded',
    node: null,
    key: null,
    taskId: null,
    attempt: null,
    worker: null,
    at: Date.now(),
    facts: { v: 1 },
    ...parts,
  };
}

export function decision(of: RunHead, parts: Partial<Decision> = {}): Decision {
  return {
    head: of,
    steps: [step(of.step)],
    tasks: [],
    armed: new Set(),
    takenBack: [],
    joins: [],
    writes: [],
    timersSet: [],
    timersCleared: [],
    usage: [],
    sentMail: [],
    keptMail: [],
    chunks: [],
    letters: [],
    consumedMail: [],
    takenMail: [],
    ending: null,
    ready: [],
    applied: [],
    closes: false,
    goesOn: false,
    branch: null,
    ...parts,
  };
}

/** A decision that arms the tasks it names, of which `offered` are offered. */
export function plan(of: RunHead, parts: Partial<Decision> = {}, offered: readonly string[] = []): Plan {
  return { decision: decision(of, parts), offered: new Set(offered) };
}

export function arming(tasks: readonly TaskRecord[]): Pick<Decision, 'tasks' | 'armed'> {
  return { tasks: [...tasks], armed: new Set(tasks.map(({ key }) => key)) };
}

export type NewRunParts = Partial<Omit<NewRun, 'plan' | 'head'>> & {
  head?: Partial<RunHead>;
  tasks?: (runId: string) => TaskRecord[];
  offered?: readonly string[];
  decides?: Partial<Decision>;
};

export function newRun({ head: headParts, tasks, offered, decides, ...parts }: NewRunParts = {}): NewRun {
  const of = head(headParts);
  return {
    head: of,
    input: {},
    config: {},
    tags: [],
    budget: null,
    idempotency: null,
    forkedFrom: null,
    plan: () => plan(of, { ...arming(tasks?.(of.id) ?? []), ...decides }, offered),
    ...parts,
  };
}

/** Submits one run; gives its head. */
export async function submitRun({ runs }: Pick<StoresUnderTest, 'runs'>, parts: NewRunParts = {}): Promise<RunHead> {
  const run = newRun(parts);
  await runs.submit([run]);
  return run.head;
}

export function reads(parts: Partial<{ [Key in keyof Reads]: Reads[Key] | string[] }> = {}): Reads {
  const sets = Object.entries(parts).map(([key, value]) => [key, Array.isArray(value) ? new Set(value) : value]);
  return { ...noReads(), ...(Object.fromEntries(sets) as Partial<Reads>) };
}

type View = { snapshot: RunSnapshot; now: number };

/** A change that takes one step of the run, with what `decides` adds to it. */
export function change(
  runId: string,
  decides: (view: View, next: RunHead) => Partial<Decision> = () => ({}),
  wanted: Reads = reads(),
): RunChange {
  return {
    runId,
    reads: wanted,
    decide(view) {
      const next = { ...view.snapshot.head, step: view.snapshot.head.step + 1 };
      const parts = decides(view, next);
      return { kind: 'planned', plan: plan(next, parts) };
    },
  };
}

/** Takes one step of one run. */
export async function settleOne(
  { runs }: Pick<StoresUnderTest, 'runs'>,
  runId: string,
  decides: Parameters<typeof change>[1] = () => ({}),
): Promise<Settlement | undefined> {
  const [settlement] = await runs.settle([change(runId, decides)], { wait: true });
  return settlement;
}

/** What a settle sees of a run; nothing is changed. */
export async function look(
  { runs }: Pick<StoresUnderTest, 'runs'>,
  runId: string,
  wanted: Parameters<typeof reads>[0] = {},
): Promise<RunSnapshot> {
  let seen: RunSnapshot | null = null;
  const decide = ({ snapshot }: View) => {
    seen = snapshot;
    return { kind: 'planned', plan: plan(snapshot.head, { steps: [] }) } as const;
  };
  await runs.settle([{ runId, reads: reads(wanted), decide }], { wait: true });
  if (!seen) throw new Error(`run ${runId} was not seen`);
  return seen;
}

/** A run of which nothing but the head is remembered. */
export function snapshotOf(of: RunHead): RunSnapshot {
  return { ...emptyParts(noReads()), head: of };
}

/** A channel's base and deltas, without the sizes that are the store's own. */
export function valuesOf(channel: ChannelRecord | undefined): { base: unknown; deltas: unknown[] } | undefined {
  return channel && { base: channel.base, deltas: channel.deltas };
}

export function attemptOf(runId: string, key: string, parts: Partial<TaskAttempt> = {}): TaskAttempt {
  return { runId, key, taskEpoch: 0, runEpoch: 0, attempt: 1, ...parts };
}
