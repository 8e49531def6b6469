import type { Run } from '@weft/contract';

import { priorityName } from '../../domain/graph/priority.ts';
import { taskId } from '../../domain/ids.ts';
import type { RunHead } from '../../domain/run/records.ts';
import type { RunRecord } from '../../ports/index.ts';
import type { FreshRun } from '../engine.ts';
import { toInstant, toInstantOrNull } from './instant.ts';
import type { QueryDeps } from './query-deps.ts';
import { runOutput } from './run-output.ts';
import { foldState, keepsState } from './run-state.ts';
import { viewUse } from './view-costs.ts';
import { runInterrupts } from './view-interrupts.ts';

export type RunQueryDeps = Pick<QueryDeps, 'reader' | 'loadGraph'>;

/** The run as the wire shows it; null if the tenant has no such run. */
export async function viewRun(deps: RunQueryDeps, tenant: string, id: string): Promise<Run | null> {
  const record = await deps.reader.run(tenant, id);
  return record && toRun(deps, record);
}

/** A run that has only begun, without reading it. */
export async function viewFreshRun(deps: Pick<RunQueryDeps, 'loadGraph'>, fresh: FreshRun): Promise<Run> {
  const { head, input, tags, createdAt } = fresh;
  const graph = await deps.loadGraph(head.workflow);
  return {
    id: head.id,
    workflow: { name: head.workflow.name, version: head.workflow.version },
    status: head.status,
    input,
    output: null,
    state: foldState(graph, new Map()),
    error: null,
    tags,
    priority: priorityName(head.priority),
    step: head.step,
    createdAt: toInstant(createdAt),
    startedAt: toInstant(createdAt),
    endedAt: null,
    usage: { inputTokens: 0, outputTokens: 0, usd: 0 },
  };
}

/** Adds to the stored record what is derived from it: state, output and open questions. */
export async function toRun(deps: RunQueryDeps, record: RunRecord): Promise<Run> {
  const { head } = record;
  const graph = await deps.loadGraph(head.workflow);
  const channels = keepsState(graph) ? await deps.reader.channels(head.id, null) : new Map<string, never>();
  const interrupts = await runInterrupts(deps, record);
  return {
    id: head.id,
    workflow: { name: head.workflow.name, version: head.workflow.version },
    status: head.status,
    input: record.input,
    ...configOf(record),
    output: await runOutput(deps.reader, graph, record),
    state: foldState(graph, channels),
    error: record.error,
    tags: record.tags,
    priority: priorityName(head.priority),
    step: head.step,
    createdAt: toInstant(record.createdAt),
    startedAt: toInstantOrNull(record.startedAt),
    endedAt: toInstantOrNull(record.endedAt),
    ...parentOf(head),
    ...(record.forkedFrom && { forkedFrom: record.forkedFrom }),
    ...(record.trigger && { trigger: record.trigger }),
    usage: record.usage,
    ...(record.budget && { budget: viewUse(record.budget) }),
    ...(interrupts.length > 0 && { interrupts }),
  };
}

function configOf({ config }: RunRecord): Pick<Run, 'config'> {
  const isGiven =
    typeof config === 'object' && config !== null && !Array.isArray(config) && Object.keys(config).length > 0;
  return isGiven ? { config } : {};
}

function parentOf({ parent }: RunHead): Pick<Run, 'parent'> {
  if (!parent) return {};
  const { runId, epoch, key } = parent;
  return { parent: { runId, taskId: taskId(runId, epoch, key) } };
}
