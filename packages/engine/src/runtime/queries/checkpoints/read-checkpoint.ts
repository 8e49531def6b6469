/** A run as it was after one of its steps: what the journal and the channels say of it. Nothing is locked. */
import { AppError } from '@weft/contract';
import type { JsonObject } from '@weft/contract';

import type { Graph } from '../../../domain/graph/graph.ts';
import type { ChannelRecord } from '../../../domain/run/records.ts';
import type { StepRecord } from '../../../domain/run/step-record.ts';
import type { RunReader, RunRecord, StepRange } from '../../../ports/index.ts';
import type { QueryDeps } from '../query-deps.ts';
import { stepOf } from '../../steering/steered-run.ts';
import { foldState, keepsState } from '../run-state.ts';
import { memoryOf } from './fold-memory.ts';
import { copyFold, emptyFold } from '../../../domain/run/fold.ts';
import { foldAlong } from './fold-along.ts';
import type { FoldedRun } from '../../../domain/run/fold.ts';
import { leadsThrough, pathAfter } from '../../../domain/run/step-path.ts';
import { pathTo } from './step-path.ts';
import { workflowAlong } from './version-along.ts';

export type CheckpointDeps = Pick<QueryDeps, 'reader' | 'loadGraph'>;

/** A step of a run of the tenant, the version that was in force after it, and the steps that led to it. */
export type Place = { run: RunRecord; graph: Graph; record: StepRecord; path: StepRange[] };

/** The place; throws AppError `not_found` where there is no such run or step. */
export async function findPlace(
  { reader, loadGraph }: CheckpointDeps,
  tenant: string,
  { runId, step }: { runId: string; step: number },
): Promise<Place> {
  const run = await reader.run(tenant, runId);
  if (!run) throw new AppError('not_found', `there is no run ${runId}; if there was one, it has been deleted`);
  const [record, path, migrations] = await Promise.all([
    stepOf({ reader }, run, step),
    pathTo(reader, runId, step),
    reader.migrations(runId),
  ]);
  const graph = await loadGraph(workflowAlong(run.head.workflow, { migrations, path }));
  return { run, graph, record, path };
}

/** From the nearest fold that is remembered on. */
export function foldTo(
  reader: RunReader,
  { run, path }: Pick<Place, 'run'> & { path: readonly StepRange[] },
): Promise<FoldedRun> {
  const runId = run.head.id;
  const memory = memoryOf(reader);
  const { step: start, fold } = memory.nearest(runId, path) ?? { step: 0, fold: emptyFold() };
  let folded = 0;
  const afterBatch = (step: number, count: number): void => {
    folded += count;
    if (memory.offer(runId, { step, fold, folded })) folded = 0;
  };
  return foldAlong(reader, runId, { fold, path: pathAfter(path, start), afterBatch });
}

/** Both folds; where one place lies on the way to the other, the way is read once. */
export async function foldBoth(reader: RunReader, a: Place, b: Place): Promise<[FoldedRun, FoldedRun]> {
  const isSameRun = a.run.head.id === b.run.head.id;
  if (isSameRun && leadsThrough(b.path, a.record.step)) return foldOn(reader, a, b);
  if (isSameRun && leadsThrough(a.path, b.record.step)) {
    const [second, first] = await foldOn(reader, b, a);
    return [first, second];
  }
  return [await foldTo(reader, a), await foldTo(reader, b)];
}

async function foldOn(reader: RunReader, early: Place, late: Place): Promise<[FoldedRun, FoldedRun]> {
  const before = await foldTo(reader, early);
  const path = pathAfter(late.path, early.record.step);
  return [before, await foldAlong(reader, late.run.head.id, { fold: copyFold(before), path })];
}

export type StateAt = { state: JsonObject; bytes: number };

/** The state after the step, and how much text is stored of it. */
export async function stateAt(reader: RunReader, { run, graph, path }: Place): Promise<StateAt> {
  const channels = keepsState(graph) ? await reader.channelsAlong(run.head.id, path) : new Map<string, ChannelRecord>();
  let bytes = 0;
  for (const { baseBytes, deltaBytes } of channels.values()) bytes += baseBytes + deltaBytes;
  return { state: foldState(graph, channels), bytes };
}
