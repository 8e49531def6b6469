/** What differs between two checkpoints, of one run or of two. */
import { AppError } from '@weft/contract';
import type { CheckpointDiff, CheckpointTask } from '@weft/contract';

import { jsonPatch } from '../../../domain/state/json-patch.ts';
import { toInstant } from '../instant.ts';
import { foldedTask } from '../../../domain/run/fold.ts';
import type { FoldedRun, FoldedTask } from '../../../domain/run/fold.ts';
import { checkpointId, toCheckpointTask } from './name-checkpoint.ts';
import { spentAt } from './spent.ts';
import { findPlace, foldBoth, stateAt } from './read-checkpoint.ts';
import type { CheckpointDeps, Place } from './read-checkpoint.ts';

/** So much stored text of a state is compared; comparing it keeps the process busy for some tenths of a second. */
const MAX_STATE_BYTES = 16 * 1024 * 1024;
const MAX_SHOWN = 500;

export type DiffRequest = { tenant: string; from: StepOfRun; to: StepOfRun };

type StepOfRun = { runId: string; step: number };

/** Throws AppError `not_found` where a step is missing, `limit_bytes` where a state is too large to be compared. */
export async function diffCheckpoints(
  deps: CheckpointDeps,
  { tenant, from, to }: DiffRequest,
): Promise<CheckpointDiff> {
  const [a, b] = [await findPlace(deps, tenant, from), await findPlace(deps, tenant, to)];
  const patch = jsonPatch(await boundedState(deps, a), await boundedState(deps, b));
  const [before, after] = await foldBoth(deps.reader, a, b);
  return {
    from: named(a, before),
    to: named(b, after),
    patch,
    tasks: taskChanges({ runId: from.runId, fold: before }, { runId: to.runId, fold: after }),
    elapsedMs: b.record.at - a.record.at,
    usage: { from: await spentAt(deps.reader, a, before), to: await spentAt(deps.reader, b, after) },
  };
}

async function boundedState({ reader }: CheckpointDeps, place: Place) {
  const { state, bytes } = await stateAt(reader, place);
  if (bytes <= MAX_STATE_BYTES) return state;
  const id = checkpointId(place.run.head.id, place.record.step);
  const limit = `${MAX_STATE_BYTES / 1024 / 1024} MiB`;
  throw new AppError(
    'limit_bytes',
    `the state of ${id} is larger than the ${limit} that are compared; read the checkpoints`,
  );
}

function named({ run, record }: Place, { progress }: FoldedRun): CheckpointDiff['from'] {
  const { id } = run.head;
  const { step, at } = record;
  return { id: checkpointId(id, step), runId: id, step, at: toInstant(at), status: progress.head.status };
}

type Side = { runId: string; fold: FoldedRun };

/** Tasks are the same if their keys are: another run gives them other ids. */
function taskChanges(a: Side, b: Side): CheckpointDiff['tasks'] {
  const [added, removed] = [new Shown<CheckpointTask>(), new Shown<CheckpointTask>()];
  const changed = new Shown<{ before: CheckpointTask; after: CheckpointTask }>();
  for (const key of a.fold.progress.tasks.keys()) {
    const before = foldedTask(a.fold, key);
    const after = foldedTask(b.fold, key);
    if (!before) continue;
    if (!after) removed.add(() => toCheckpointTask(a.runId, before));
    else if (!isSame(before, after) || (a.runId === b.runId && before.epoch !== after.epoch)) {
      changed.add(() => ({ before: toCheckpointTask(a.runId, before), after: toCheckpointTask(b.runId, after) }));
    }
  }
  for (const key of b.fold.progress.tasks.keys()) {
    const after = a.fold.progress.tasks.has(key) ? null : foldedTask(b.fold, key);
    if (after) added.add(() => toCheckpointTask(b.runId, after));
  }
  return {
    added: added.items,
    removed: removed.items,
    changed: changed.items,
    counts: { added: added.count, removed: removed.count, changed: changed.count },
  };
}

/** The first of many, and how many there are. */
class Shown<T> {
  readonly items: T[] = [];
  count = 0;

  add(make: () => T): void {
    this.count += 1;
    if (this.items.length < MAX_SHOWN) this.items.push(make());
  }
}

function isSame(a: FoldedTask, b: FoldedTask): boolean {
  return (
    a.status === b.status &&
    a.waits === b.waits &&
    a.dueAt === b.dueAt &&
    a.attempt === b.attempt &&
    a.failures === b.failures &&
    a.crashes === b.crashes
  );
}
