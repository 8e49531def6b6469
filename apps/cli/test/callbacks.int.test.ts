/** Callbacks from the command line, on the real stack. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CallbackWithSecret, Delivery } from '@weft/contract';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { startServer } from '@weft/testkit/local-server';
import type { LocalServer } from '@weft/testkit/local-server';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { weft as weftHere } from './fake-terminal.ts';

let folder: string;
let database: TestDatabase;
let stack: DevStack;
let server: LocalServer;
let status = 204;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-callbacks-'));
  database = await createTestDatabase();
  server = await startServer((_, response) => response.writeHead(status).end());
  const env = { WEFT_ENCRYPTION_KEY: 'ab'.repeat(32) };
  stack = await startDev({
    host: null,
    port: 0,
    dataDir: folder,
    databaseUrl: database.url,
    handlersFile: null,
    env,
    log: 'file',
  });
}, 60_000);

afterAll(async () => {
  await stack?.stop();
  await server?.close();
  await database?.drop();
  await rm(folder, { recursive: true, force: true });
});

const weft = (...args: string[]) => weftHere(args, { env: { WEFT_URL: stack.url } });

async function json<T>(...args: string[]): Promise<T> {
  const { out, err } = await weft('--json', ...args);
  expect(err).toBe('');
  return JSON.parse(out) as T;
}

test('a callback is added, tested, listed, disabled and removed, and its secret is all that stands on the output', async () => {
  const added = await weft(
    'callbacks',
    'add',
    `${server.base}/hook`,
    '--event',
    'run.failed',
    '--event',
    'task.failed',
  );
  expect(added).toMatchObject({ code: 0, out: expect.stringMatching(/^whsec_\S+\n$/) });
  const [, id = ''] = /callback (\S+) to/.exec(added.err) ?? [];

  expect(await weft('callbacks', 'test', id)).toMatchObject({ code: 0, out: expect.stringContaining('delivered') });
  expect((await weft('callbacks')).out).toContain('run.failed task.failed');
  expect((await weft('callbacks', 'disable', id)).err).toContain('told nothing more');
  expect((await weft('callbacks')).out).toContain('not active');
  expect(await weft('callbacks', 'remove', id)).toMatchObject({ code: 0 });
  expect(await weft('callbacks', 'test', id)).toMatchObject({ code: 3 });
});

test('a test that is refused says why, is found among the deliveries, and is replayed', async () => {
  const { id } = await json<CallbackWithSecret>('callbacks', 'add', server.base);
  status = 500;
  const tried = await weft('--json', 'callbacks', 'test', id);
  const delivery = JSON.parse(tried.out) as Delivery;

  expect([tried.code, delivery.why]).toEqual([1, expect.stringContaining('answered 500')]);
  expect((await weft('callbacks', 'deliveries', '--callback', id)).out).toContain(delivery.id);
  expect((await weft('callbacks', 'why', delivery.id)).out).toContain('waits until');
  status = 204;
  expect((await weft('callbacks', 'replay', '--callback', id)).err).toContain('0 deliveries');
  expect(await weft('callbacks', 'replay')).toMatchObject({ code: 2 });
  await weft('callbacks', 'remove', id);
});

test('an event that there is not is refused before anything is sent', async () => {
  expect(await weft('callbacks', 'add', server.base, '--event', 'run.exploded')).toMatchObject({
    code: 2,
    err: expect.stringContaining('run.succeeded'),
  });
});
