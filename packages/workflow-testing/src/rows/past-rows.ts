/** What a store reads and writes where a run branches off, on rows in memory. */
import type { Json } from '@weft/contract';
import {
  CHUNK_ITEMS,
  emptyFold,
  foldedTask,
  foldStep,
  ownerOf,
  partOfNext,
  pathOf,
  sendsAt,
  taskId,
} from '@weft/engine/domain';
import type {
  Branch,
  BranchPoint,
  ChannelRecord,
  ChannelWrite,
  FoldedRun,
  JoinRecord,
  Mail,
  Migration,
  RunHead,
  StepRange,
  StepRecord,
  TaskRecord,
  TimerRecord,
} from '@weft/engine/domain';

/** The rows of a run, as far as they are needed here. */
export type Rows = {
  readonly head: RunHead;
  readonly tasks: TaskRecord[];
  readonly superseded: Set<TaskRecord>;
  readonly joins: Map<string, JoinRecord>;
  readonly timers: Map<string, TimerRecord>;
  readonly steps: StepRecord[];
  readonly writes: ChannelWrite[];
  readonly chunks: Map<string, Json[]>;
  readonly taken: Set<string>;
  kept: (Mail & { topic: string })[];
  find(key: string, epoch: number): TaskRecord | undefined;
  channel(name: string, isSeen: (step: number) => boolean): ChannelRecord | undefined;
};

/** The steps that led to this one. */
export function pathIn(steps: readonly StepRecord[], to: number): StepRange[] {
  const branches = steps.filter(({ step, parent }) => parent !== step - 1).toReversed();
  return pathOf(branches, to);
}

/** The run as of one of its steps. */
export function foldTo(steps: readonly StepRecord[], to: number): FoldedRun {
  const path = pathIn(steps, to);
  const fold = emptyFold();
  for (const step of steps)
    if (path.some(({ fromStep, toStep }) => fromStep <= step.step && step.step <= toStep)) foldStep(fold, step);
  return fold;
}

/** The last of the steps that belong together. */
export function completeStep(steps: readonly StepRecord[], step: number): number {
  const next = steps.find((one) => one.step === step + 1);
  return next && partOfNext({ step }, next) ? completeStep(steps, step + 1) : step;
}

/** The version of its workflow that the run began with. */
export function firstVersion(rows: Pick<Rows, 'head' | 'steps'>): number {
  return firstMove(rows)?.from ?? rows.head.workflow.version;
}

function firstMove({ steps }: Pick<Rows, 'steps'>): Migration | undefined {
  return steps.find(({ facts }) => facts.migrated)?.facts.migrated;
}

export function branchPointOf(rows: Rows, at: number): BranchPoint {
  const step = completeStep(rows.steps, at);
  const path = pathIn(rows.steps, step);
  const isOnPath = (one: number): boolean => path.some(({ fromStep, toStep }) => fromStep <= one && one <= toStep);
  const fold = foldTo(rows.steps, step);
  return {
    runId: rows.head.id,
    step,
    version: fold.progress.version ?? firstMove(rows)?.from ?? null,
    fold,
    rows: unfinished(rows, fold),
    channels: new Map(
      Array.from(new Set(rows.writes.map(({ channel }) => channel))).flatMap((name) => {
        const channel = rows.channel(name, isOnPath);
        return channel ? [[name, channel] as const] : [];
      }),
    ),
    writtenLater: Array.from(new Set(rows.writes.filter((write) => write.step > step).map(({ channel }) => channel))),
    kept: rows.kept.filter(({ id }) => fold.kept.has(id)).map(({ id, topic }) => ({ id, topic })),
    items: itemsToCome(rows, fold),
  };
}

function unfinished(rows: Rows, fold: FoldedRun): Map<string, TaskRecord> {
  return new Map(
    Array.from(fold.progress.tasks).flatMap(([key, { status }]) => {
      if (status === 'succeeded' || status === 'skipped') return [];
      const row = rows.find(key, foldedTask(fold, key)?.epoch ?? 0);
      return row ? [[key, structuredClone(row)] as const] : [];
    }),
  );
}

function itemsToCome(rows: Rows, fold: FoldedRun): Map<string, Map<number, Json>> {
  return new Map(
    sendsAt(fold).map(({ key: send, taken }) => {
      const items = new Map<number, Json>();
      for (const [name, piece] of rows.chunks) {
        const cut = name.lastIndexOf(' ');
        if (name.slice(0, cut) !== send) continue;
        for (const [i, item] of piece.entries()) items.set(Number(name.slice(cut + 1)) * CHUNK_ITEMS + i, item);
      }
      for (const task of rows.tasks) {
        const owner = ownerOf(task.key);
        if (owner?.send === send) items.set(owner.item, task.item);
      }
      for (const index of items.keys()) if (index < taken) items.delete(index);
      return [send, items] as const;
    }),
  );
}

/** Rows of the run's own past count again, all others are superseded. */
export function goBack(rows: Rows, { finished, kept }: Branch): void {
  const names = new Set(finished.map(({ key, epoch }) => `${epoch} ${key}`));
  for (const task of rows.tasks) {
    if (names.delete(`${task.epoch} ${task.key}`)) {
      rows.superseded.delete(task);
      continue;
    }
    rows.superseded.add(task);
    if (task.status === 'ready' || task.status === 'running' || task.status === 'waiting')
      Object.assign(task, { status: 'cancelled', waits: null });
  }
  if (names.size > 0) throw new Error(`there are no rows of ${[...names].join()}`);
  rows.joins.clear();
  rows.timers.clear();
  rows.taken.clear();
  for (const { id } of rows.kept) if (!kept.includes(id)) rows.taken.add(id);
}

/** Rows of another run become this one's own. */
export function copyPast(rows: Rows, past: Rows, { finished, kept }: Branch, epoch: number): void {
  for (const { key, epoch: before } of finished) {
    const row = past.find(key, before);
    if (!row) throw new Error(`there is no row of ${key} to copy`);
    rows.tasks.push({ ...structuredClone(row), epoch, id: taskId(rows.head.id, epoch, key) });
  }
  rows.kept = structuredClone(past.kept.filter(({ id }) => kept.includes(id)));
}
