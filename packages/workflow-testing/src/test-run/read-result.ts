/** Reads what became of one run of a test. */
import { viewRun } from '@weft/engine/runtime';

import { TENANT } from '../mesh/mesh.ts';
import { questionsOf } from './questions.ts';
import { toResult } from './result.ts';
import type { RunResult } from './result.ts';
import type { Stage } from './stage.ts';

export async function readResult(stage: Stage, runId: string): Promise<RunResult> {
  const { world, attempts, startedAt } = stage;
  const { mesh, clock } = world;
  const run = mesh.run(runId);
  const loadGraph = mesh.graphs.load.bind(mesh.graphs);
  const view = await viewRun({ reader: mesh.stores.reader, loadGraph }, TENANT, runId);
  if (!view) throw new Error(`there is no run ${runId}`);
  return toResult({
    run,
    versions: await mesh.versionsOf(run.rows.head.workflow),
    view,
    calls: attempts.calls,
    questions: questionsOf(mesh, runId),
    children: await readChildren(stage, runId),
    startedAt,
    now: clock.now(),
  });
}

async function readChildren(stage: Stage, runId: string): Promise<RunResult['children']> {
  const { stores } = stage.world.mesh;
  const started = (stores.runs.get(runId)?.rows.newestTasks() ?? []).flatMap(({ detail, node }) =>
    detail?.kind === 'child' && stores.runs.has(detail.runId) ? [{ node, childId: detail.runId }] : [],
  );
  return Promise.all(started.map(async ({ node, childId }) => ({ node, run: await readResult(stage, childId) })));
}
