/** Tools as runs of the same mesh. */
import { AppError } from '@weft/contract';
import type { TaskError, WorkflowDocument } from '@weft/contract';
import { contentHash, TERMINAL_RUN } from '@weft/engine/domain';
import type { RunReader, WorkflowStore } from '@weft/engine/ports';
import { runOutput } from '@weft/engine/runtime';
import type { RunningEngine } from '@weft/engine/runtime';

import type { ToolRequest, ToolRun, ToolRunner } from './deps.ts';

export type MeshToolsDeps = {
  engine: Pick<RunningEngine, 'saveWorkflow' | 'startRuns' | 'cancelRun' | 'graphs'>;
  reader: RunReader;
  workflows: Pick<WorkflowStore, 'load'>;
};

export function createMeshTools(deps: MeshToolsDeps): ToolRunner {
  return {
    start: (request) => start(deps, request).catch((error: unknown) => ({ error: refusalOf(error) })),
    look: (tenant, runId) => look(deps, tenant, runId),
    async cancel(tenant, runId) {
      await deps.engine.cancelRun({ tenant, runId, reason: 'its agent was cancelled' }).catch(() => undefined);
    },
  };
}

async function start(deps: MeshToolsDeps, request: ToolRequest): Promise<{ runId: string } | { error: TaskError }> {
  const { payer, key, input } = request;
  const depth = (await depthOf(deps.reader, request)) + 1;
  if (depth > MAX_DEPTH) return { error: TOO_DEEP };
  const tags = [...request.tags, `${DEPTH_TAG}${depth}`];
  const workflow = await refOf(deps, request);
  const idempotency = { key, payloadHash: contentHash([workflow.name, input]) };
  const [result] = await deps.engine.startRuns([
    { workflow, input, config: {}, priority: null, tags, idempotency, above: payer },
  ]);
  if (!result || result instanceof AppError) throw result ?? new Error('no run was started');
  return { runId: result.runId };
}

/** So that a tool that leads back to its agent's own workflow comes to an end, as child runs do. */
const MAX_DEPTH = 10;
const DEPTH_TAG = 'tool-depth:';
const TOO_DEEP: TaskError = {
  code: 'too_deep',
  message: `runs of tools and child runs lie at most ${MAX_DEPTH} deep`,
  retryable: false,
};

/** How deep a run lies below one that is neither a child nor a tool's: its parents, and what the topmost of them says. */
async function depthOf(reader: RunReader, { tenant, runId }: Pick<ToolRequest, 'tenant' | 'runId'>): Promise<number> {
  let run = await reader.run(tenant, runId);
  let depth = 0;
  while (run?.head.parent && depth <= MAX_DEPTH) {
    depth += 1;
    run = await reader.run(tenant, run.head.parent.runId);
  }
  const told = run?.tags.find((tag) => tag.startsWith(DEPTH_TAG))?.slice(DEPTH_TAG.length);
  return depth + (Number(told) || 0);
}

async function refOf({ engine, workflows }: MeshToolsDeps, { tenant, work }: ToolRequest) {
  if ('document' in work) {
    // It is made of parts that were checked when the agent's own document was saved.
    const document = work.document as unknown as WorkflowDocument;
    return (await engine.saveWorkflow({ tenant, document })).ref;
  }
  const stored = await workflows.load({ tenant, name: work.workflow });
  if (stored) return stored.ref;
  throw new AppError('not_found', `there is no workflow ${JSON.stringify(work.workflow)}`);
}

async function look({ engine, reader }: MeshToolsDeps, tenant: string, runId: string): Promise<ToolRun> {
  const run = await reader.run(tenant, runId);
  if (!run) {
    const message = `the run ${runId} of the tool is gone`;
    return { kind: 'ended', output: null, error: { code: 'tool_run_gone', message, retryable: false } };
  }
  if (!TERMINAL_RUN.has(run.head.status)) return { kind: 'running' };
  if (run.head.status === 'succeeded') {
    const graph = await engine.graphs.load(run.head.workflow);
    return { kind: 'ended', output: await runOutput(reader, graph, run), error: null };
  }
  const message = `the run of the tool was ${run.head.status}`;
  return { kind: 'ended', output: null, error: run.error ?? { code: 'tool_failed', message, retryable: false } };
}

/** What is wrong with a call is for the model to hear of. */
function refusalOf(error: unknown): TaskError {
  if (!(error instanceof AppError)) throw error;
  return { code: error.code, message: error.message, retryable: false };
}
