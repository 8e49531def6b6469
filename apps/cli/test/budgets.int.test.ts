/** Budgets and costs by the command line, on the embedded stack. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@weft/sdk';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { weft } from './fake-terminal.ts';

let folder: string;
let database: TestDatabase;
let stack: DevStack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-budgets-'));
  database = await createTestDatabase();
  const options = { dataDir: folder, databaseUrl: database.url, handlersFile: null, log: 'file' as const };
  stack = await startDev({ host: '127.0.0.1', port: 0, ...options });
});

afterAll(async () => {
  await stack.stop();
  await database.drop();
  await rm(folder, { recursive: true });
});

const call = (...args: string[]) => weft([...args, '--url', stack.url]);
/** Lines of a table, each column apart. */
const cells = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));

test('a budget is set, spent until it is used up, asked about, raised and removed', async () => {
  expect(await call('budgets')).toMatchObject({ code: 0, err: 'no budgets\n' });
  expect((await call('budgets', 'set', '--name', 'team')).code).toBe(2);
  expect((await call('budgets', 'set', '--name', 'team', '--usd', '-1')).code).toBe(2);
  await call('budgets', 'set', '--name', 'team', '--usd', '10', '--period', 'month');
  await call('budgets', 'set', '--tokens', '1000');

  const client = createClient({ url: stack.url });
  const cost = { usd: 0.4, tokens: 10 };
  const run = await client.runs.start({
    workflow: {
      name: 'paid',
      budget: { usd: 0.5, name: 'team', onExceeded: 'interrupt' },
      nodes: { a: { type: 'task', uses: 'echo', cost }, b: { type: 'task', uses: 'echo', cost, needs: ['a'] } },
    },
    input: {},
  });
  await vi.waitUntil(async () => (await client.runs.get(run.id)).status === 'interrupted', { timeout: 20_000 });
  expect((await call('interrupts')).out).toContain('the budget of the run of 0.5 USD is used up');
  expect((await call('answer', run.id, '--value', '{"usd":0.3}')).code).toBe(0);
  await vi.waitUntil(async () => (await client.runs.get(run.id)).status === 'succeeded', { timeout: 20_000 });

  const shown = await call('budgets');
  expect(cells(shown.out)).toEqual([
    ['BUDGET', 'PERIOD', 'USD', 'SPENT', 'RESERVED', 'TOKENS', 'SPENT', 'RESERVED'],
    ['team', 'month', '10.00', '0.80', '0.00', '-', '-', '-'],
    ['the tenant', 'total', '-', '-', '-', '1000', '20', '0'],
  ]);
  const costs = await call('costs', '--by', 'workflow,task', '--run', run.id);
  expect(cells(costs.out)).toEqual([
    ['WORKFLOW', 'TASK', 'USD', 'INPUT', 'OUTPUT', 'ATTEMPTS'],
    ['paid', 'a#0', '0.40', '10', '0', '1'],
    ['paid', 'b#0', '0.40', '10', '0', '1'],
    ['total', '0.80', '20', '0', '2'],
  ]);
  expect((await call('costs', '--by', 'colour')).code).toBe(2);
  expect((await call('budgets', 'remove', '--name', 'team', '--period', 'month')).code).toBe(0);
  expect((await call('budgets', 'remove', '--name', 'team', '--period', 'month')).code).toBe(3);
});
