import type { PrunedRuns, PruneRuns, RetentionPolicies, RetentionPolicy, SetRetention, Storage } from '@weft/contract';
import type { CallOptions, Transport } from './transport.ts';

export type PruneOptions = Omit<PruneRuns, 'dryRun'>;

/** How long ended runs are kept, and deleting them. */
export type RetentionApi = {
  /** All policies, and what holds where there is none. */
  list(options?: CallOptions): Promise<RetentionPolicies>;
  /** Sets the policy of a workflow, or (null, or left out) of all that have none; limits that are left out limit nothing. */
  set(policy: SetRetention, options?: CallOptions): Promise<RetentionPolicy>;
  /** Throws `ApiError` `not_found` where there is none. */
  remove(workflow: string | null, options?: CallOptions): Promise<RetentionPolicies>;
  /** What `prune` would delete. */
  estimate(request?: PruneOptions, options?: CallOptions): Promise<PrunedRuns>;
  /** Deletes ended runs; the answer may be that there is more to be deleted, and the same call goes on. */
  prune(request?: PruneOptions, options?: CallOptions): Promise<PrunedRuns>;
  /** What the tables take on disk. */
  storage(options?: CallOptions): Promise<Storage>;
};

const PATH = '/v1/retention';

export function retentionApi(transport: Transport): RetentionApi {
  const prune = (json: PruneRuns, options?: CallOptions): Promise<PrunedRuns> =>
    transport.json({ ...options, method: 'POST', path: '/v1/prune', json });
  return {
    list: (options) => transport.json({ ...options, path: PATH }),
    set: (policy, options) => transport.json({ ...options, method: 'PUT', path: PATH, json: policy }),
    remove: (workflow, options) =>
      transport.json({ ...options, method: 'DELETE', path: PATH, query: { workflow: workflow ?? undefined } }),
    estimate: (request, options) => prune({ ...request, dryRun: true }, options),
    prune: (request, options) => prune({ ...request }, options),
    storage: (options) => transport.json({ ...options, path: '/v1/storage' }),
  };
}
