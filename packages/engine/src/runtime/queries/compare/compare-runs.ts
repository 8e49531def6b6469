/** Two runs beside each other: how they are related, and what differs in their workflows, tasks and results. */
import { AppError } from '@weft/contract';
import type { ComparedRun, Differences, Json, RunComparison } from '@weft/contract';

import { graphOrder } from '../../../domain/graph/graph-order.ts';
import { differences } from '../../../domain/state/differences.ts';
import type { RunRecord } from '../../../ports/index.ts';
import { toInstantOrNull } from '../instant.ts';
import type { QueryDeps } from '../query-deps.ts';
import { runOutput } from '../run-output.ts';
import { foldState, keepsState } from '../run-state.ts';
import { addUsage, compareNodes } from './compare-nodes.ts';
import type { ComparedSide } from './compare-nodes.ts';
import { compareWorkflows } from './compare-workflows.ts';
import { relate } from './relation.ts';

/** So many places are shown of each value. */
const MAX_DIFFERENCES = 100;
/** So much stored text of a state is compared, as by a diff. */
const MAX_STATE_BYTES = 16 * 1024 * 1024;

type CompareDeps = Pick<QueryDeps, 'reader' | 'comparer' | 'loadGraph'>;

export type CompareRequest = { tenant: string; fromId: string; toId: string };

/** Throws AppError `not_found` for a run that is not there, and names it. */
export async function compareRuns(deps: CompareDeps, { tenant, fromId, toId }: CompareRequest): Promise<RunComparison> {
  const from = await sideOf(deps, tenant, fromId);
  const to = await sideOf(deps, tenant, toId);
  const order = Array.from(new Set([...graphOrder(to.graph), ...graphOrder(from.graph)]));
  return {
    from: toCompared(from),
    to: toCompared(to),
    ...(await relate(deps.reader, from.run, to.run)),
    workflow: compareWorkflows(from.graph, to.graph, order),
    input: differences(from.run.input, to.run.input, MAX_DIFFERENCES),
    config: differences(from.run.config, to.run.config, MAX_DIFFERENCES),
    state: await compareStates(deps, from, to),
    output: differences(await outputOf(deps, from), await outputOf(deps, to), MAX_DIFFERENCES),
    ...(await compareNodes(deps, { from, to, order })),
  };
}

async function sideOf({ reader, comparer, loadGraph }: CompareDeps, tenant: string, id: string): Promise<ComparedSide> {
  const run = await reader.run(tenant, id);
  if (!run) throw new AppError('not_found', `there is no run ${id}; if there was one, it has been deleted`);
  return { run, graph: await loadGraph(run.head.workflow), totals: await comparer.taskTotals(id) };
}

function toCompared({ run, totals }: ComparedSide): ComparedRun {
  const { head, error, startedAt, endedAt, forkedFrom, usage } = run;
  return {
    id: head.id,
    workflow: { name: head.workflow.name, version: head.workflow.version },
    status: head.status,
    error,
    step: head.step,
    startedAt: toInstantOrNull(startedAt),
    endedAt: toInstantOrNull(endedAt),
    durationMs: durationOf(run),
    ...(forkedFrom && { forkedFrom }),
    usage,
    keptUsage: addUsage(totals.map(({ keptUsage }) => keptUsage)),
  };
}

function durationOf({ startedAt, endedAt }: RunRecord): number | null {
  return startedAt === null || endedAt === null ? null : Math.max(0, endedAt - startedAt);
}

function outputOf({ reader }: CompareDeps, { run, graph }: ComparedSide): Promise<Json> {
  return runOutput(reader, graph, run);
}

async function compareStates(deps: CompareDeps, from: ComparedSide, to: ComparedSide): Promise<Differences | null> {
  const [before, after] = [await stateOf(deps, from), await stateOf(deps, to)];
  return before && after && differences(before, after, MAX_DIFFERENCES);
}

async function stateOf({ reader }: CompareDeps, { run, graph }: ComparedSide) {
  if (!keepsState(graph)) return {};
  const channels = await reader.channels(run.head.id, null);
  let bytes = 0;
  for (const { baseBytes, deltaBytes } of channels.values()) bytes += baseBytes + deltaBytes;
  return bytes > MAX_STATE_BYTES ? null : foldState(graph, channels);
}
