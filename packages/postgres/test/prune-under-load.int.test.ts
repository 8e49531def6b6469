import type { Json, WorkflowDocument } from '@weft/contract';
import { AppError } from '@weft/contract';
import type { PruneRequest } from '@weft/engine/ports';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { openStore } from '../src/index.ts';
import type { PostgresStore } from '../src/index.ts';
import { until } from './retention-rig.ts';

const RUNS = 120;

let database: TestDatabase;
let rig: Rig;
let store: PostgresStore;
const executed = new Map<number, number>();

beforeAll(async () => {
  database = await createTestDatabase();
  const once = async ({ input }: { input: Json }) => {
    const { n } = input as { n: number };
    executed.set(n, (executed.get(n) ?? 0) + 1);
    if (n % 5 === 0) return { kind: 'failed' as const, error: { code: 'broken', message: 'x', retryable: false } };
    return { kind: 'succeeded' as const, output: null };
  };
  rig = await createRig({ url: database.url, executors: { once } });
  store = openStore({ url: database.url, onError: () => undefined });
}, 60_000);

afterAll(async () => {
  await rig.stop();
  await store.close();
  await database.drop();
}, 60_000);

const CHILD = { name: 'child', nodes: { a: { type: 'task', uses: 'echo', with: {} } } } as WorkflowDocument;
const PARENT = {
  name: 'parent',
  nodes: {
    a: { type: 'task', uses: 'once', with: { n: '${input.n}' } },
    c: { type: 'subgraph', workflow: 'child', input: {}, needs: ['a'] },
  },
} as unknown as WorkflowDocument;

const ALL: PruneRequest = {
  tenant: 'default',
  workflow: null,
  statuses: null,
  olderThanMs: null,
  keep: 0,
  archive: false,
  dryRun: false,
  budgetMs: 60_000,
};

/** Refusals are fine: the run is gone, has not failed, or is being changed. */
async function tolerant(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof AppError) || !['not_found', 'conflict'].includes(error.code)) throw error;
  });
}

test('runs are pruned while others start, fail, are retried, cancelled and deleted: nothing is lost or left over', async () => {
  await rig.engine.saveWorkflow({ tenant: 'default', document: CHILD });
  let isOver = false;
  let pruned = 0;
  const pruning = (async () => {
    while (!isOver) {
      const result = await store.retention.prune(ALL);
      if (result.kind === 'pruned') pruned += result.runs;
    }
  })();
  for (let n = 0; n < RUNS; n += 10) {
    const ids = await Promise.all(Array.from({ length: 10 }, (_, i) => rig.start(PARENT, { input: { n: n + i } })));
    const [one = '', two = '', three = ''] = ids;
    const request = { tenant: 'default', runId: one };
    await Promise.all([
      tolerant(rig.engine.retryRun(request)),
      tolerant(rig.engine.cancelRun({ ...request, runId: two, reason: 'test' })),
      tolerant(rig.engine.deleteRun('default', three)),
    ]);
  }
  const open = async () => Object.values((await store.reader.counts()).runs).reduce((sum, n) => sum + n, 0);
  await until(async () => (await open()) === 0);
  isOver = true;
  await pruning;
  // The last rows of cancelled runs are closed by mail.
  await until(async () => {
    await store.retention.prune(ALL);
    return (await store.reader.runs({ tenant: 'default', limit: 1 })).length === 0;
  });

  expect(pruned).toBeGreaterThan(RUNS / 2);
  const missing = Array.from({ length: RUNS }, (_, n) => n).filter((n) => n % 10 !== 1 && !executed.has(n));
  expect(missing).toEqual([]);
}, 120_000);
