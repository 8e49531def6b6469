/** How long runs are kept: the RetentionStore port on Postgres. */
import type { Archive, PruneResult, RetentionRule, RetentionStore } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { deleteOneRun } from './retention/delete-run.ts';
import { listPolicies, removePolicy, setPolicy } from './retention/policies.ts';
import { runPrune } from './retention/prune.ts';
import type { PruneOrder } from './retention/prune.ts';
import { bytesOfRun } from './retention/run-bytes.ts';
import { withOnlySession, withSession } from './retention/session.ts';
import { readStorage } from './retention/storage.ts';

/** `fallback`: what holds where no policy does; null: such runs are kept for ever. `archive`: null for none. */
export type RetentionOptions = { fallback: RetentionRule | null; archive: Archive | null };

export type ClosableRetentionStore = RetentionStore & {
  /** Ends what is under way after its present window. */
  close(): Promise<void>;
};

export function createRetentionStore(
  pool: Pool,
  { url, fallback, archive }: RetentionOptions & { url: string },
): ClosableRetentionStore {
  const closing = new AbortController();
  const underWay = new Set<Promise<unknown>>();

  function during<T>(work: Promise<T>): Promise<T> {
    const tracked = work.finally(() => underWay.delete(tracked));
    underWay.add(tracked);
    return tracked;
  }

  async function prune(order: PruneOrder): Promise<PruneResult> {
    const pruned = await withOnlySession(url, closing.signal, (session) => runPrune(session, order));
    return pruned ? { kind: 'pruned', ...pruned } : { kind: 'busy' };
  }

  return {
    fallback,
    policies: (tenant) => listPolicies(pool, tenant),
    setPolicy: (tenant, policy) => setPolicy(pool, tenant, policy),
    removePolicy: (key) => removePolicy(pool, key),
    async prune(request) {
      if (request.archive && archive === null) return { kind: 'no_archive' };
      return during(prune({ request, fallback, archive }));
    },
    enforce: () => during(prune({ request: null, fallback, archive })),
    deleteRun: (tenant, runId) =>
      during(withSession(url, closing.signal, (session) => deleteOneRun(session, tenant, runId))),
    bytesOf: (runId) => bytesOfRun(pool, runId),
    storage: () => readStorage(pool),
    async close() {
      closing.abort();
      await Promise.allSettled(underWay);
    },
  };
}
