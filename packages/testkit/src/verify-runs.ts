/**
 * Holds every run of a database against its journal: what is folded must be what is stored (rule C1), steps have no gaps,
 * and each epoch ends at most once. Test databases are verified before they are dropped, so every suite proves it.
 */
import type { Json, StateKey } from '@weft/contract';
import { canonicalJson, channelValue, emptyFold, foldStep, pathOf } from '@weft/engine/domain';
import type {
  ChannelRecord,
  ChannelWrite,
  FoldedRun,
  JoinRecord,
  Progress,
  StepRecord,
  TaskRecord,
} from '@weft/engine/domain';
import type { RunReader, RunRecord, WorkflowStore } from '@weft/engine/ports';
import { openStore } from '@weft/postgres';

const EVERYTHING = 1_000_000;

/** Throws with all that is wrong, or returns how many runs of these tenants were verified. */
export async function verifyRuns(url: string, tenants: readonly string[] = ['default']): Promise<number> {
  const store = openStore({ url, maxConnections: 2, onError: () => undefined });
  try {
    const ofTenants = tenants.map((tenant) => store.reader.runs({ tenant, limit: EVERYTHING }));
    const runs = (await Promise.all(ofTenants)).flat();
    const wrong: string[] = [];
    for (const run of runs) {
      for (const problem of await verifyRun(store, run)) wrong.push(`run ${run.head.id}: ${problem}`);
    }
    if (wrong.length > 0) throw new Error(`${wrong.length} invariants are broken:\n${wrong.slice(0, 20).join('\n')}`);
    return runs.length;
  } finally {
    await store.close();
  }
}

type Stores = { reader: RunReader; workflows: WorkflowStore };

async function verifyRun({ reader, workflows }: Stores, run: RunRecord): Promise<string[]> {
  const { id } = run.head;
  const document = (await workflows.load(run.head.workflow))?.document;
  const schema = document?.state ?? {};
  const [steps, tasks, joins, writes, channels] = await Promise.all([
    reader.steps(id, { afterStep: 0, limit: EVERYTHING }),
    reader.tasks(id, { limit: EVERYTHING, after: null }),
    reader.joins(id),
    reader.writes(id, { fromStep: 0, toStep: EVERYTHING }),
    reader.channels(id, null),
  ]);
  const { progress: folded, letters } = foldOf(steps, run);
  return [
    ...verifySteps(steps, run),
    ...differences('head', alike(run.head, folded.head), folded.head),
    ...differences('tasks', storedTasks(tasks, run, folded), Object.fromEntries(folded.tasks)),
    ...differences('letters', storedLetters(tasks), Object.fromEntries(letters)),
    ...differences('joins', storedJoins(joins), storedJoins([...folded.joins.values()])),
    ...differences('state', foldedState(channels, schema), foldedState(regroup(writes), schema)),
  ];
}

function verifySteps(steps: StepRecord[], run: RunRecord): string[] {
  const wrong: string[] = [];
  const before = firstStep(run) - 1;
  const gap = steps.findIndex((step, index) => step.step !== before + index + 1);
  if (gap >= 0) wrong.push(`step ${before + gap + 1} is missing`);
  if (before + steps.length !== run.head.step)
    wrong.push(`${steps.length} steps after ${before}, but the head says ${run.head.step}`);
  const ends = new Map<number, number>();
  const finals = new Map<string, number>();
  for (const step of steps) {
    if (step.type === 'run_ended' || step.type === 'cancelled') ends.set(step.epoch, (ends.get(step.epoch) ?? 0) + 1);
    // A dead letter that is taken up while its run goes on is settled again.
    if (step.type === 'retried') for (const { key } of step.facts.tasks ?? []) finals.delete(`${step.epoch} ${key}`);
    const isFinal = step.type === 'task_succeeded' || step.type === 'task_failed' || step.type === 'task_skipped';
    const name = `${step.epoch} ${step.key}`;
    if (isFinal) finals.set(name, (finals.get(name) ?? 0) + 1);
  }
  for (const [epoch, count] of ends) if (count > 1) wrong.push(`epoch ${epoch} has ended ${count} times`);
  for (const [name, count] of finals) if (count > 1) wrong.push(`task ${name} was settled ${count} times`);
  return wrong;
}

/** The journal of a fork goes on with the numbers of the run that it was forked from. */
function firstStep({ forkedFrom }: RunRecord): number {
  return (forkedFrom?.step ?? 0) + 1;
}

/** Along the parents, since a replay leaves steps behind. */
function foldOf(steps: readonly StepRecord[], { head }: RunRecord): FoldedRun {
  const branches = steps.filter(({ step, parent }) => parent !== step - 1).toReversed();
  const path = pathOf(branches, head.step);
  const fold = emptyFold();
  for (const step of steps)
    if (path.some(({ fromStep, toStep }) => fromStep <= step.step && step.step <= toStep)) foldStep(fold, step);
  return fold;
}

/** As much of a record as its journal determines. */
function alike<Folded extends object>(stored: Folded, folded: Folded): Partial<Folded> {
  const keys = Object.keys(folded) as (keyof Folded)[];
  return Object.fromEntries(keys.map((key) => [key, stored[key]])) as Partial<Folded>;
}

/** Running is ready to the journal; the rows of an ended run may still have to be closed. */
function storedTasks(tasks: TaskRecord[], run: RunRecord, folded: Progress): Record<string, unknown> {
  const ended = run.endedAt !== null;
  return Object.fromEntries(
    newestOf(tasks).map((task) => {
      const { key, status, waits } = task;
      const live = status === 'ready' || status === 'running' || status === 'waiting';
      const seen = live && ended ? 'cancelled' : status === 'running' ? 'ready' : status;
      const stored = { ...task, status: seen, waits: seen === 'waiting' ? waits : null };
      return [key, alike(stored, folded.tasks.get(key) ?? stored)];
    }),
  );
}

/** As the rows have them that count. */
function storedLetters(tasks: TaskRecord[]): Record<string, unknown> {
  return Object.fromEntries(newestOf(tasks).flatMap(({ key, letter }) => (letter ? [[key, letter]] : [])));
}

function newestOf(tasks: TaskRecord[]): TaskRecord[] {
  const newest = new Map<string, TaskRecord>();
  for (const task of tasks) {
    const known = newest.get(task.key);
    if (!known || known.epoch < task.epoch) newest.set(task.key, task);
  }
  return [...newest.values()];
}

function storedJoins(joins: JoinRecord[]): Record<string, unknown> {
  return Object.fromEntries(
    joins.map(({ key, ended, taken, failed, fired }) => [key, { ended, taken, failed, fired }]),
  );
}

type Channel = Pick<ChannelRecord, 'base' | 'deltas'>;

/** What steps have written, without compactions: a base beside a delta of the same step. */
function regroup(writes: ChannelWrite[]): Map<string, Channel> {
  const nameOf = ({ channel, step }: ChannelWrite): string => `${step} ${channel}`;
  const updated = new Set(writes.filter(({ kind }) => kind === 'delta').map(nameOf));
  const channels = new Map<string, Channel>();
  for (const write of writes) {
    const { channel, kind, value } = write;
    if (kind === 'base' && updated.has(nameOf(write))) continue;
    const known = channels.get(channel) ?? { base: undefined, deltas: [] };
    channels.set(
      channel,
      kind === 'base' ? { base: value, deltas: [] } : { ...known, deltas: [...known.deltas, value] },
    );
  }
  return channels;
}

const ANY_KEY: StateKey = { type: 'any' };

/** Compaction must not change a value. */
function foldedState(channels: Map<string, Channel>, schema: Record<string, StateKey>): Record<string, unknown> {
  return Object.fromEntries(
    Array.from(channels, ([name, channel]) => [name, channelValue(schema[name] ?? ANY_KEY, channel)]),
  );
}

function differences(what: string, stored: object, folded: object): string[] {
  const wrong: string[] = [];
  const a = stored as Record<string, unknown>;
  const b = folded as Record<string, unknown>;
  for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const [left, right] = [a[key], b[key]].map((value) => canonicalJson((value ?? null) as Json));
    if (left !== right) wrong.push(`${what} ${key}: stored ${left}, folded ${right}`);
  }
  return wrong;
}
