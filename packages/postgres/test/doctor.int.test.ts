import type { Finding } from '@weft/contract';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import { DATABASE_CHECKS, examineDatabase } from '../src/index.ts';

const ABOUT = { deadAfterMs: 15_000, version: 'test' };

let database: TestDatabase;
let rig: Rig;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = await createRig({ url: database.url });
  await rig.run({ name: 'done', nodes: { a: { type: 'task', uses: 'echo' } } });
  const waiting = await rig.start({
    name: 'waits',
    nodes: { pause: { type: 'wait', ms: 3_600_000 }, ready: { type: 'task', uses: 'echo', lane: 'nobody' } },
  });
  await vi.waitUntil(async () => (await rig.tasks(waiting))['pause#0']?.status === 'waiting', { timeout: 10_000 });
  await rig.stop();
  client = new Client({ connectionString: database.url });
  await client.connect();
  // What the rig called its release, and that it has left, are no findings of these tests.
  await client.query(`update worker set version = 'test', ended_at = null, beat_at = now(), lanes = '{*,nobody}'`);
});

afterAll(async () => {
  await client.end();
  await database.drop({ verify: false });
});

const examined = (only: string[] | null = null) => examineDatabase(database.url, { ...ABOUT, only });

/** How it is examined with the change, which is taken back afterwards. */
async function with_(change: string, back: string, check: string): Promise<Finding[]> {
  await client.query(change);
  try {
    return await examined([check]);
  } finally {
    await client.query(back);
  }
}

test('a database that is well has no finding but those that say so, one at least for each check', async () => {
  const findings = await examined();
  // The server of the tests writes nothing to the disk.
  const expected = [{ check: 'settings', level: 'error', what: 'fsync is off' }];
  expect(findings.filter(({ level }) => level !== 'ok')).toMatchObject(
    findings.some(({ what }) => what === 'fsync is off') ? expected : [],
  );
  expect(new Set(findings.map(({ check }) => check))).toEqual(new Set(DATABASE_CHECKS));
});

const WAITS = `(select id from run where workflow = 'waits')`;
const task = (set: string) => `update task set ${set} where node = 'ready'`;
const READY = task(`status = 'ready', worker = null, started_at = null, deadline = null`);

test.each([
  [
    'schema',
    'error',
    `delete from kysely_migration where name like '0002%'`,
    `insert into kysely_migration select '0002_cheaper_writes', timestamp from kysely_migration limit 1`,
  ],
  [
    'schema',
    'warn',
    `insert into kysely_migration select '9999_future', timestamp from kysely_migration limit 1`,
    `delete from kysely_migration where name = '9999_future'`,
  ],
  [
    'indexes',
    'error',
    'alter index idempotency_age_idx rename to other_idx',
    'alter index other_idx rename to idempotency_age_idx',
  ],
  [
    'indexes',
    'error',
    `update pg_index set indisvalid = false where indexrelid = 'idempotency_age_idx'::regclass`,
    `update pg_index set indisvalid = true where indexrelid = 'idempotency_age_idx'::regclass`,
  ],
  ['workers', 'error', `update worker set beat_at = now() - interval '1 minute'`, 'update worker set beat_at = now()'],
  ['workers', 'warn', 'update worker set ended_at = now()', 'update worker set ended_at = null'],
  ['versions', 'warn', `update worker set version = 'other'`, `update worker set version = 'test'`],
  [
    'timers',
    'error',
    `update timer set due_at = due_at - interval '2 hours'`,
    `update timer set due_at = due_at + interval '2 hours'`,
  ],
  [
    'mail',
    'error',
    `insert into inbox (run_id, id, dedupe_key, kind, payload, created_at) values (${WAITS}, gen_random_uuid(), 'd', 'signal', '{}', now() - interval '1 hour')`,
    `delete from inbox where dedupe_key = 'd'`,
  ],
  ['deadlines', 'error', task(`status = 'running', worker = 'w', deadline = now() - interval '1 hour'`), READY],
  ['stranded tasks', 'error', task(`status = 'running', worker = 'nobody', started_at = now()`), READY],
  ['forgotten tasks', 'error', task(`status = 'running', worker = 'w', started_at = now() - interval '1 hour'`), READY],
  [
    'lanes',
    'warn',
    `update worker set lanes = '{handler:x}'; ${task(`offered_at = now() - interval '1 hour'`)}`,
    `update worker set lanes = '{*,nobody}'; ${task('offered_at = now()')}`,
  ],
  [
    'invariants',
    'error',
    `update run set live = live + 1 where workflow = 'waits'`,
    `update run set live = live - 1 where workflow = 'waits'`,
  ],
] as const)('the check of %s finds an %s', async (check, level, change, back) => {
  const findings = await with_(change, back, check);

  const found = findings.find((finding) => finding.level !== 'ok');
  expect(found).toMatchObject({ check, level, advice: expect.stringMatching(/\w/) });
  expect((await examined([check])).filter((finding) => finding.level !== 'ok')).toEqual([]);
});

test('a table without a partition for next week is found', async () => {
  await client.query('begin');
  const { rows } = await client.query<{ name: string }>(`select c.relname as name from pg_inherits i
    join pg_class c on c.oid = i.inhrelid where i.inhparent = 'usage'::regclass and c.relname > 'usage' || to_char(now(), '"_"YYYYMMDD')`);
  await client.query('commit');
  for (const { name } of rows) await client.query(`drop table ${name}`);

  expect(await examined(['partitions'])).toMatchObject([{ level: 'error', where: ['usage'] }]);
});

test('an old transaction and who waits for its lock are found, and are not waited for', async () => {
  const [holder, waiter] = [
    new Client({ connectionString: database.url }),
    new Client({ connectionString: database.url }),
  ];
  await Promise.all([holder.connect(), waiter.connect()]);
  try {
    await holder.query('begin; lock table worker in access exclusive mode');
    const waiting = waiter.query('select 1 from worker');
    const from = performance.now();
    const [found] = await examined(['workers']);
    expect(found).toMatchObject({ level: 'warn', what: expect.stringContaining('lock timeout') });
    expect(performance.now() - from).toBeLessThan(8000);
    await expect.poll(() => examined(['locks']), { timeout: 20_000, interval: 500 }).toMatchObject([{ level: 'warn' }]);
    await holder.query('rollback');
    await waiting;
  } finally {
    await Promise.all([holder.end(), waiter.end()]);
  }
});

test('a statement that takes too long is given up, and the other checks are made', async () => {
  const findings = await examineDatabase(database.url, { ...ABOUT, only: ['invariants', 'size'], statementMs: 1 });
  expect(findings.map(({ check }) => check)).toEqual(['size', 'invariants']);
  expect(findings[1]).toMatchObject({ level: 'warn' });
});
