import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Run, RunPage, Step, WorkflowDocument } from '@weft/contract';
import { startPostgres } from '@weft/embedded';
import { verifyRuns } from '@weft/testkit';
import { startServer } from '@weft/testkit/local-server';
import type { LocalServer } from '@weft/testkit/local-server';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { call, startDevProcess } from './dev-process.ts';

const RUNS = 200;
/** So many runs can end before the kill; the others wait at their last node for an answer that comes long after it. */
const FREE_RUNS = 150;
const PAUSE_MS = 20;
const NODES = 5;

/** Each node adds its pause to the total, so that an outcome applied twice, or not at all, shows in the sum. */
function workflowTo(gateUrl: string): WorkflowDocument {
  const sleeps = Array.from({ length: NODES - 1 }, (_, n) => {
    const fields = { uses: 'sleep', with: { ms: PAUSE_MS }, outputMapping: { total: 'ms' } };
    return [`n${n}`, { type: 'task', ...fields, ...(n > 0 && { needs: [`n${n - 1}`] }) }];
  });
  const last = { type: 'task', uses: 'http', with: { url: gateUrl }, outputMapping: { total: 'body.ms' } };
  return {
    name: 'killed',
    state: { total: { type: 'number', reducer: 'add', default: 0 } },
    nodes: { ...Object.fromEntries(sleeps), last: { ...last, needs: [`n${NODES - 2}`] } },
  };
}

let dataDir: string;
let gate: LocalServer;
const opened = Promise.withResolvers<void>();

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weft-kill-'));
  let asked = 0;
  gate = await startServer((_request, response) => {
    const answer = () => response.setHeader('content-type', 'application/json').end(JSON.stringify({ ms: PAUSE_MS }));
    asked += 1;
    if (asked > FREE_RUNS) void opened.promise.then(answer);
    else answer();
  });
});

afterAll(async () => {
  await gate.close();
  await rm(dataDir, { recursive: true, force: true });
});

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
  const workflow = workflowTo(gate.base);
  const first = await startDevProcess(dataDir);
  const started = await Promise.all(
    Array.from({ length: RUNS }, () => call<Run>(first.url, '/v1/runs', { workflow, input: {} })),
  );
  await expect.poll(() => countOf(first.url, 'succeeded'), { timeout: 30_000, interval: 20 }).toBeGreaterThan(5);
  await first.killAll();

  const second = await startDevProcess(dataDir);
  expect(await countOf(second.url, 'succeeded')).toBeLessThanOrEqual(FREE_RUNS); // it was killed in the middle
  opened.resolve();
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
