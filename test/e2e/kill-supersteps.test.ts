/** Runs in superstep mode, killed in the middle of their supersteps: no update is lost, doubled, or out of its order. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Run, RunPage, WorkflowDocument } from '@weft/contract';
import { startPostgres } from '@weft/embedded';
import { verifyRuns } from '@weft/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { call, startDevProcess } from './dev-process.ts';

const RUNS = 30;
const ROUNDS = 6;
const SIDES = ['c', 'a', 'b'];

/** In each round three tasks of different length speak side by side, and one waits for them all. */
function rounds(): WorkflowDocument {
  const says = (ms: number) => ({ type: 'task', uses: 'sleep', with: { ms } });
  const sides = SIDES.map((name, index) => [
    name,
    { ...says(10 + 15 * index), outputMapping: { sum: 'ms', log: 'ms' } },
  ]);
  return {
    name: 'rounds',
    mode: 'superstep',
    state: {
      sum: { type: 'number', reducer: 'add', default: 0 },
      log: { type: 'array', reducer: 'append', default: [] },
      n: { type: 'number', reducer: 'add', default: 0 },
    },
    nodes: {
      ...Object.fromEntries(sides),
      all: { type: 'transform', updates: { n: 1 }, needs: SIDES },
      more: { type: 'route', on: `state.n < ${ROUNDS}`, routes: { false: '__end__' }, needs: ['all'] },
    },
    edges: SIDES.flatMap((name) => [
      ['__start__', name],
      ['more:true', name],
    ]),
  } as unknown as WorkflowDocument;
}

let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weft-supersteps-'));
});

afterAll(() => rm(dataDir, { recursive: true, force: true }));

async function countOf(url: string, status: string): Promise<number> {
  return (await call<RunPage>(url, `/v1/runs?limit=100&status=${status}`)).items.length;
}

test('B9: supersteps survive kill -9 of the program and its Postgres, with every update once and in its order', async () => {
  const first = await startDevProcess(dataDir);
  const started = await Promise.all(
    Array.from({ length: RUNS }, () => call<Run>(first.url, '/v1/runs', { workflow: rounds(), input: {} })),
  );
  const [one] = started;
  await expect
    .poll(async () => (await call<Run>(first.url, `/v1/runs/${one?.id}`)).step, { timeout: 30_000, interval: 5 })
    .toBeGreaterThan(8);
  await first.killAll();

  const second = await startDevProcess(dataDir);
  await expect.poll(() => countOf(second.url, 'succeeded'), { timeout: 90_000, interval: 100 }).toBe(RUNS);
  const log = Array.from({ length: ROUNDS }, () => [25, 40, 10]).flat();
  for (const { id } of started) {
    const { state } = await call<Run>(second.url, `/v1/runs/${id}`);
    expect(state).toEqual({ n: ROUNDS, sum: ROUNDS * 75, log });
  }
  await second.stop();

  const postgres = await startPostgres({ dataDir });
  expect(await verifyRuns(postgres.url)).toBe(RUNS);
  await postgres.stop();
});
