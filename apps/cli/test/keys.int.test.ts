/** Keys and tenants from the command line, on the real stack. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '@weft/sdk';
import { createTestDatabase, type TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startDev, type DevStack } from '../src/stack/start-dev.ts';
import { type CliResult, weft as weftHere } from './fake-terminal.ts';

let folder: string;
let database: TestDatabase;
let stack: DevStack;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-keys-'));
  database = await createTestDatabase();
  const options = { dataDir: folder, databaseUrl: database.url, handlersFile: null, log: 'file' as const };
  stack = await startDev({ host: '127.0.0.1', port: 0, ...options });
  const nodes = { hello: { type: 'task', uses: 'echo', with: 'Hello' } };
  await writeFile(join(folder, 'greet.json'), JSON.stringify({ name: 'greet', nodes }));
}, 60_000);

afterAll(async () => {
  await stack.stop();
  await database.drop();
  await rm(folder, { recursive: true });
}, 60_000);

/** The command line with a key in its environment, or with none. */
function weft(key: string | null, ...args: string[]): Promise<CliResult> {
  return weftHere(args, { env: { WEFT_URL: stack.url, ...(key !== null && { WEFT_TOKEN: key }) } });
}

const SOON = { timeout: 10_000, interval: 50 };

test('a tenant is known by its key, sees its own only, and loses it when it is revoked', async () => {
  expect(await weft(null, 'run', join(folder, 'greet.json'))).toMatchObject({ code: 0 });
  const made = await weft(
    null,
    'keys',
    'create',
    '--tenant',
    'acme',
    '--name',
    'ci',
    '--role',
    'admin',
    '--expires',
    '90d',
  );
  expect(made.err).toMatch(/key [0-9a-f-]{36} of the tenant acme, role admin, expires \d{4}-/);
  const acme = made.out.trim();
  expect(acme).toMatch(/^weft_[0-9a-f]{32}_[0-9a-f]{40}$/);

  await expect.poll(async () => (await weft(null, 'list')).code, SOON).toBe(4);
  expect((await weft(null, 'list')).err).toContain('Give an API key');
  expect((await weft(acme, 'list')).err).toBe('no runs\n');
  expect(await weft(acme, 'run', join(folder, 'greet.json'))).toMatchObject({ code: 0 });
  expect((await weft(acme, 'retention')).code).toBe(0);
  expect(await weft(acme, 'list', '--tenant', 'globex')).toMatchObject({ code: 4 });
  expect(await weft(acme, 'list', '--tenant', 'No Name')).toMatchObject({ code: 2 });

  const member = JSON.parse((await weft(acme, 'keys', 'create', '--json')).out);
  expect(member).toMatchObject({ tenant: 'acme', role: 'member', name: '' });
  expect((await weft(member.key, 'keys')).code).toBe(4);
  const listed = (await weft(acme, 'keys')).out;
  expect(listed).toMatch(/KEY +TENANT +ROLE +STATUS/);
  expect(listed).toMatch(new RegExp(`${member.id} +acme +member +live`));
  expect(listed).not.toContain(acme.split('_').at(-1));
  expect((await weft(acme, 'keys', 'revoke', member.id)).err).toContain('is revoked');
  expect(await weft(member.key, 'list')).toMatchObject({ code: 4, err: expect.stringContaining('the key is revoked') });
  expect(await weft(acme, 'keys', 'revoke', crypto.randomUUID())).toMatchObject({ code: 3 });

  const watched: object[] = [];
  const watch = createClient({ url: stack.url, token: acme, tenant: 'acme' }).watch();
  watch.subscribe('runs', { onSnapshot: (items) => watched.push(...items) });
  await expect.poll(() => watched.length, SOON).toBe(1);
  watch.close();
});
