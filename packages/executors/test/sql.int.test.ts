import type { Json, JsonObject } from '@weft/contract';
import type { ExecutorCall, Outcome } from '@weft/engine/ports';
import { createTestDatabase, openTcpProxy, runStatement } from '@weft/testkit';
import type { TestDatabase } from '@weft/testkit';
import { executorCall, executorConformance } from '@weft/testkit/conformance/executor';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import sql from '../src/builtin/sql.ts';

let database: TestDatabase;
let connection: string;

beforeAll(async () => {
  database = await createTestDatabase();
  connection = database.url;
  await runStatement(
    connection,
    `create table item (id int primary key, name text not null);
     create table done (task text primary key, result jsonb);
     create sequence numbers;
     create function sneaky() returns int language sql as $$ insert into item values (99, 'sneaky') returning id $$;
     insert into item select n, 'item ' || n from generate_series(1, 5) n`,
  );
});
afterAll(() => database.drop());

function run(input: JsonObject, parts: Partial<ExecutorCall> = {}): Promise<Outcome> {
  return sql.run(executorCall({ connection, ...input }, parts));
}

async function rowsOf(statement: string, more: JsonObject = {}): Promise<Json> {
  const outcome = await run({ statement, ...more });
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return (outcome.output as { rows: Json }).rows;
}

const count = () => rowsOf('select count(*) as n from item');

executorConformance(sql, {
  fileName: 'sql',
  input: () => ({ connection, statement: 'select 1 as one' }),
  slow: () => ({
    input: { connection, statement: 'select n, pg_sleep(0.2) is null from generate_series(1, 100000) n' },
    underWay: 'heartbeat',
  }),
});

describe('a statement', () => {
  test('gives its rows, with the names and types of its columns', async () => {
    const outcome = await run({ statement: 'select id, name from item where id <= $1 order by id', params: [2] });

    expect(outcome).toEqual({
      kind: 'succeeded',
      output: {
        rows: [
          { id: 1, name: 'item 1' },
          { id: 2, name: 'item 2' },
        ],
        columns: [
          { name: 'id', type: 'int4' },
          { name: 'name', type: 'text' },
        ],
        rowCount: 2,
        truncated: null,
        affected: null,
        repeated: false,
      },
    });
  });

  test.each([
    [`42::int8`, 42],
    [`9007199254740993::int8`, '9007199254740993'],
    [`12.50::numeric`, 12.5],
    [`'0.1234567890123456789'::numeric`, '0.1234567890123456789'],
    [`'-1e30'::numeric`, '-1000000000000000000000000000000'],
    [`0::numeric`, 0],
    [`'NaN'::float8`, 'NaN'],
    [`1.5::float4`, 1.5],
    [`true`, true],
    [`null::int`, null],
    [`'{"a": [1, null]}'::jsonb`, { a: [1, null] }],
    [`timestamptz '2026-11-29 12:00:00.5+02'`, '2026-11-29T10:00:00.5Z'],
    [`timestamp '2026-11-29 12:00'`, '2026-11-29T12:00:00'],
    [`date '2026-11-29'`, '2026-11-29'],
    [`'\\x0102ff'::bytea`, 'AQL/'],
    [`array['a "b"', null, 'c,d', '{}', 'NULL', '']`, ['a "b"', null, 'c,d', '{}', 'NULL', '']],
    [
      `array[[1, 2], [3, 4]]`,
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [`'[0:1]={7,8}'::int[]`, [7, 8]],
    [`'{}'::int8[]`, []],
    [`interval '1 day'`, '1 day'],
  ] satisfies [string, Json][])('gives %s as JSON', async (expression, value) => {
    expect(await rowsOf(`select ${expression} as v`)).toEqual([{ v: value }]);
  });

  test('takes lists, objects and null as parameters, whatever stands in them', async () => {
    const hostile = `'; drop table item; -- \\ " { }`;
    const statement = 'select $1::text as a, $2::text[] as b, $3::jsonb as c, $4::int as d, $5::bool as e';
    const params = [hostile, [hostile, null], { x: hostile, y: [1] }, null, true];

    expect(await rowsOf(statement, { params })).toEqual([
      { a: hostile, b: [hostile, null], c: { x: hostile, y: [1] }, d: null, e: true },
    ]);
  });

  test('with two columns of one name is refused, unless rows are asked for as lists', async () => {
    expect(await run({ statement: 'select 1 as a, 2 as a' })).toMatchObject({
      error: { code: 'sql_duplicate_column' },
    });
    expect(await rowsOf('select 1 as a, 2 as a', { rowsAs: 'lists' })).toEqual([[1, 2]]);
  });
});

describe('a read-only call', () => {
  test.each([
    ['an insert', `insert into item values (6, 'six') returning id`, 'sql_read_only'],
    [
      'an insert in a query',
      `with w as (insert into item values (6, 'x') returning id) select * from w`,
      'sql_read_only',
    ],
    ['a function that writes', 'select sneaky()', 'sql_read_only'],
    ['a sequence', `select nextval('numbers')`, 'sql_read_only'],
    ['a lock for an update', 'select * from item for update', 'sql_read_only'],
    ['a large object', 'select lo_create(0)', 'sql_read_only'],
    ['an explained write', `explain analyze insert into item values (6, 'six')`, 'sql_read_only'],
    ['turning the mode off', `select set_config('transaction_read_only', 'off', false)`, 'sql_error'],
    ['a plain write', `insert into item values (6, 'six')`, 'sql_not_a_query'],
    ['a table', 'create table more (id int)', 'sql_not_a_query'],
    ['set', 'set transaction read write', 'sql_not_a_query'],
    ['the end of the transaction', 'commit', 'sql_not_a_query'],
    ['a block', `do $$ begin insert into item values (6, 'six'); commit; end $$`, 'sql_not_a_query'],
    ['copy out', 'copy item to stdout', 'sql_not_a_query'],
    ['copy in', 'copy item from stdin', 'sql_not_a_query'],
    ['copy to a program', `copy item to program 'touch /tmp/weft-was-here'`, 'sql_not_a_query'],
    ['a notification', `notify somebody, 'hello'`, 'sql_not_a_query'],
    ['nothing', '-- nothing', 'sql_not_a_query'],
    ['two statements', `select 1; insert into item values (6, 'six')`, 'sql_multiple_statements'],
    ['two statements behind a commit', 'commit; drop table item', 'sql_multiple_statements'],
    ['what is no SQL', 'selct 1', 'sql_error'],
    ['too few parameters', 'select $1::int', 'sql_error'],
  ])('refuses %s, and nothing has changed', async (_what, statement, code) => {
    const outcome = await run({ statement });

    expect(outcome).toMatchObject({ kind: 'failed', error: { code, retryable: false } });
    expect(await count()).toEqual([{ n: 5 }]);
  });

  test('hands its input back with the place of what is wrong, and never the connection', async () => {
    const outcome = await run({ connection: 'mysql://u:hunter2@db/x', statement: 'select 1', once: 'done', sql: 1 });

    expect(outcome).toMatchObject({ error: { code: 'invalid_input' } });
    const text = JSON.stringify(outcome);
    expect(text).toContain('/connection');
    expect(text).toContain('/sql');
    expect(text).not.toContain('hunter2');
  });
});

describe('a million rows', () => {
  const statement = 'select n, repeat($1, 100) as text from generate_series(1, 1000000) n';

  test('are read as far as the limits go, and it is told that there are more', async () => {
    const before = process.memoryUsage().rss;
    const some = await run({ statement, params: ['x'], maxRows: 50_000, maxBytes: 10_485_760 });
    const few = await run({ statement, params: ['x'], maxRows: 100_000, maxBytes: 10_000 });

    expect(some).toMatchObject({ output: { rowCount: 50_000, truncated: 'rows' } });
    expect(few).toMatchObject({ output: { rowCount: 89, truncated: 'bytes' } });
    expect(process.memoryUsage().rss - before).toBeLessThan(300 * 1_048_576);
  });

  test('of exactly the limit are all of them', async () => {
    const outcome = await run({ statement: 'select * from generate_series(1, 3) n', maxRows: 3 });

    expect(outcome).toMatchObject({ output: { rowCount: 3, truncated: null } });
  });

  test('that are one huge value end the call, and not the worker', async () => {
    const outcome = await run({ statement: `select repeat('x', 60000000) as huge` });

    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'sql_rows_too_large', retryable: false } });
  });
});

describe('a call that may write', () => {
  test('writes, and says how many rows', async () => {
    const statement = `insert into item select n, 'more' from generate_series(10, 12) n`;
    const outcome = await run({ statement, readOnly: false });

    expect(outcome).toMatchObject({ output: { rows: [], affected: 3, repeated: false } });
    expect(await run({ statement: 'delete from item where id >= 10 returning id', readOnly: false })).toMatchObject({
      output: { rowCount: 3, affected: 3 },
    });
  });

  test('leaves nothing where the statement fails', async () => {
    const statement = `insert into item select n, case when n < 12 then 'x' end from generate_series(10, 12) n`;

    expect(await run({ statement, readOnly: false })).toMatchObject({
      error: { code: 'sql_error', retryable: false, details: { sqlstate: '23502', column: 'name' } },
    });
    expect(await count()).toEqual([{ n: 5 }]);
  });

  test('is done once for its task, and gives a repeat what came of it', async () => {
    const input = {
      statement: `insert into item values (20, 'once') returning id`,
      readOnly: false,
      once: 'public.done',
    };
    const first = await run(input, { idempotencyKey: 'task-a' });
    const second = await run(input, { idempotencyKey: 'task-a', attempt: 2 });
    const other = await run(input, { idempotencyKey: 'task-b' });

    expect(first).toMatchObject({ output: { rows: [{ id: 20 }], repeated: false } });
    expect(second).toMatchObject({ output: { rows: [{ id: 20 }], repeated: true } });
    expect(other).toMatchObject({ error: { details: { sqlstate: '23505' } } });
    await run({ statement: 'delete from item where id = 20', readOnly: false });
  });

  test('takes no name of a table that is more than a name', async () => {
    const once = 'done(task) values (1); drop table item; --';

    expect(await run({ statement: 'select 1', readOnly: false, once })).toMatchObject({
      error: { code: 'invalid_input' },
    });
  });

  test('copies nothing in', async () => {
    expect(await run({ statement: 'copy item from stdin', readOnly: false })).toMatchObject({
      error: { code: 'sql_error', details: { sqlstate: '57014' } },
    });
  });
});

describe('trouble', () => {
  test('a statement that takes too long is ended by the database', async () => {
    const outcome = await run({ statement: 'select pg_sleep(60)', timeoutMs: 200 });

    expect(outcome).toMatchObject({ error: { code: 'sql_timeout', retryable: true, details: { sqlstate: '57014' } } });
  });

  test('a wrong password is not tried again, and not shown', async () => {
    const url = new URL(connection);
    url.password = 'wrong-secret-word';
    const outcome = await run({ connection: url.href, statement: 'select 1' });

    expect(outcome).toMatchObject({ error: { code: 'sql_unauthorized', retryable: false } });
    expect(JSON.stringify(outcome)).not.toContain('wrong-secret-word');
  });

  test('a database that is not there may be there later', async () => {
    const outcome = await run({ connection: 'postgres://u:p@127.0.0.1:1/x', statement: 'select 1' });

    expect(outcome).toMatchObject({
      error: { code: 'network_error', retryable: true, details: { cause: 'ECONNREFUSED' } },
    });
  });

  test('a connection that breaks in the middle is tried again', async () => {
    const proxy = await openTcpProxy(connection);
    const statement = 'select n, pg_sleep(0.01) is null as slept from generate_series(1, 10000) n';
    const outcome = await run({ connection: proxy.url, statement }, { heartbeat: () => proxy.cut() });
    await proxy.close();

    expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'network_error', retryable: true } });
  });
});
