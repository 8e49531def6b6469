/** Deciding how long runs are kept, and deleting runs. */
import { AppError } from '@weft/contract';

import type { Pruned, PruneRequest, RetentionPolicy } from '../ports/index.ts';
import type { EngineDeps } from './deps.ts';
import type { Engine } from './engine.ts';

type RetentionDeps = Pick<EngineDeps, 'retention' | 'workflows'>;
type Keeping = Pick<Engine, 'setRetention' | 'removeRetention' | 'pruneRuns' | 'deleteRun'>;

export function createRetention(deps: RetentionDeps): Keeping {
  return {
    setRetention: (tenant, policy) => setRetention(deps, tenant, policy),
    async removeRetention({ tenant, workflow }) {
      if (await deps.retention.removePolicy({ tenant, workflow })) return;
      throw new AppError('not_found', `there is no policy for ${nameOf(workflow)}`);
    },
    pruneRuns: (request) => pruneRuns(deps, request),
    deleteRun: (tenant, runId) => deleteRun(deps, tenant, runId),
  };
}

async function setRetention({ retention, workflows }: RetentionDeps, tenant: string, policy: RetentionPolicy) {
  await requireWorkflow({ workflows }, tenant, policy.workflow);
  await retention.setPolicy(tenant, policy);
}

async function pruneRuns({ retention, workflows }: RetentionDeps, request: PruneRequest): Promise<Pruned> {
  await requireWorkflow({ workflows }, request.tenant, request.workflow);
  const result = await retention.prune(request);
  if (result.kind === 'busy') throw busy();
  if (result.kind === 'no_archive') {
    throw new AppError('conflict', 'this server has no place for archives: set WEFT_ARCHIVE_DIR where it is started');
  }
  const { runs, bytes, archived, isDone } = result;
  return { runs, bytes, archived, isDone };
}

async function deleteRun({ retention }: RetentionDeps, tenant: string, runId: string) {
  const result = await retention.deleteRun(tenant, runId);
  if (result.kind === 'deleted') return { runs: result.runs, bytes: result.bytes };
  if (result.kind === 'missing') throw new AppError('not_found', `there is no run ${runId}`);
  if (result.kind === 'child') {
    throw new AppError('conflict', `it is a child of run ${result.parent}, and is deleted with that`);
  }
  const message = 'the run, or a child of it, has not ended: cancel it first';
  throw new AppError('conflict', result.kind === 'live' ? message : 'the run is being changed: try again');
}

async function requireWorkflow({ workflows }: Pick<RetentionDeps, 'workflows'>, tenant: string, name: string | null) {
  if (name === null || (await workflows.load({ tenant, name }))) return;
  throw new AppError('not_found', `there is no ${nameOf(name)}`);
}

function nameOf(workflow: string | null): string {
  return workflow === null ? 'all workflows' : `workflow ${JSON.stringify(workflow)}`;
}

function busy(): AppError {
  return new AppError('conflict', 'another prune is at work in this database: try again when it is done');
}
