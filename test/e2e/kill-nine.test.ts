import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Run, RunPage, Step, WorkflowDocument } from '@weft/contract';
import { startPostgres } from '@weft/embedded';
import { verifyRuns } from '@weft/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { call, startDevProcess } from './dev-process.ts';

const RUNS = 200;
const PAUSE_MS = 20;
const NODES = 5;

/** Each node adds its pause to the total, so that an outcome applied twice, or not at all, shows in the sum. */
const nodes = Array.from({ length: NODES }, (_, n) => [
  `n${n}`,
  {
    type: 'task',
    uses: 'sleep',
    with: { ms: PAUSE_MS },
    outputMapping: { total: 'ms' },
    ...(n > 0 && { needs: [`n${n - 1}`] }),
  },
]);
const workflow = {
  name: 'killed',
  state: { total: { type: 'number', reducer: 'add', default: 0 } },
  nodes: Object.fromEntries(nodes),
} as WorkflowDocument;

let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weft-kill-'));
});

afterAll(() => rm(dataDir, { recursive: true, force: true }));

async function countOf(url: string, status: string): Promise<number> {
  let cursor = '';
  let count = 0;
  do {
    const page = await call<RunPage>(url, `/v1/runs?limit=100&status=${status}${cursor && `&cursor=${cursor}`}`);
    count += page.items.length;
    cursor = page.nextCursor ?? '';
  } while (cursor);
  return count;
}

test('200 runs survive kill -9 of the program and its Postgres, and no outcome is applied twice', async () => {
  const first = await startDevProcess(dataDir);
  const started = await Promise.all(
    Array.from({ length: RUNS }, () => call<Run>(first.url, '/v1/runs', { workflow, input: {} })),
  );
  await expect.poll(() => countOf(first.url, 'succeeded'), { timeout: 30_000, interval: 20 }).toBeGreaterThan(5);
  expect(await countOf(first.url, 'succeeded')).toBeLessThan(RUNS); // it is killed in the middle
  await first.killAll();

  const second = await startDevProcess(dataDir);
  await expect.poll(() => countOf(second.url, 'succeeded'), { timeout: 60_000, interval: 100 }).toBe(RUNS);
  for (const { id } of started) {
    const run = await call<Run>(second.url, `/v1/runs/${id}`);
    expect(run.state).toEqual({ total: NODES * PAUSE_MS });
    const { items } = await call<{ items: Step[] }>(second.url, `/v1/runs/${id}/steps?limit=100`);
    expect(items.map((step) => step.step)).toEqual(items.map((_, index) => index + 1));
  }
  await second.stop();

  const postgres = await startPostgres({ dataDir });
  expect(await verifyRuns(postgres.url)).toBe(RUNS);
  await postgres.stop();
});
