import type { DeadLetter } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { routingServer } from './answering-server.ts';
import { weft } from './fake-terminal.ts';

const TASK = '0198a000-0000-8000-8000-00000000000a';
const LETTER: DeadLetter = {
  taskId: TASK,
  runId: 'R',
  workflow: { name: 'orders', version: 2 },
  runStatus: 'failed',
  node: 'charge',
  key: 'each#0[3]/charge#0',
  lane: 'default',
  state: 'open',
  status: 'failed',
  error: { code: 'http_500', message: 'no\u001b[2J luck', retryable: true },
  attempt: 2,
  failures: 1,
  crashes: 1,
  attempts: [
    { attempt: 1, at: '2026-01-01T00:00:00.000Z', error: null },
    { attempt: 2, at: '2026-01-01T00:01:00.000Z', error: { code: 'http_500', message: 'no luck', retryable: true } },
  ],
  failedAt: '2026-01-01T00:01:00.000Z',
  input: { url: 'https://pay.example', retry: { max: 1 } },
};

function server(results: object = { done: 0, items: [], more: false }) {
  return routingServer((what) => {
    if (/^POST .*dead-letters\/(retry|discard)/.test(what)) return { status: 200, body: results };
    if (what.startsWith('GET /v1/dead-letters?') || what.endsWith('/dead-letters'))
      return { status: 200, body: { items: [LETTER], nextCursor: 'more' } };
    return { status: 200, body: LETTER };
  });
}

describe('weft dead', () => {
  test('lists what has failed, where, and why', async () => {
    const { url, asked } = await server();
    const { code, out, err } = await weft(['dead', '--workflow', 'orders', '--code', 'http_500', '--url', url]);
    expect(code).toBe(0);
    expect(out).toContain('orders@2 each[3]/charge');
    expect(out).toContain('http_500: no [2J luck');
    expect(err).toContain('more: --cursor more');
    expect(asked[0]?.what).toBe('GET /v1/dead-letters?workflow=orders&code=http_500&limit=50');
  });

  test('shows one with its attempts and the input of the next', async () => {
    const { out } = await weft(['dead', 'show', TASK, '--url', (await server()).url]);
    expect(out).toContain('attempt 1  2026-01-01T00:00:00.000Z  its worker was lost');
    expect(out).toContain('attempt 2  2026-01-01T00:01:00.000Z  http_500: no luck');
    expect(out).toContain('"url": "https://pay.example"');
  });

  test('retries one with a changed key of its input', async () => {
    const { url, asked } = await server();
    const done = await weft(['dead', 'retry', TASK, '--set', 'retry.max=5', '--by', 'ann', '--url', url]);
    expect(done.code).toBe(0);
    expect(asked.at(-1)).toEqual({
      what: `POST /v1/dead-letters/${TASK}/retry`,
      body: { with: { url: 'https://pay.example', retry: { max: 5 } } },
      user: 'ann',
    });
  });

  test('says what would be done only where it was asked to, and when there is nothing to do', async () => {
    const none = await server();
    expect((await weft(['dead', 'discard', '--node', 'a', '--url', none.url])).err).toBe('no dead letters\n');
    const { url } = await server({ done: 0, items: [{ taskId: 'T1', runId: 'R', node: 'a', done: false }], more: true });
    const dry = await weft(['dead', 'discard', '--all', '--dry-run', '--url', url]);
    expect(dry.err).toBe('1 would be discarded\nthere are more; --limit takes more of them\n');
  });

  test('retries many by a filter, tells of each that was refused, and does none without a filter', async () => {
    const items = [
      { taskId: 'T1', runId: 'R', node: 'a', done: true },
      { taskId: 'T2', runId: 'R', node: 'b', done: false, reason: 'its run goes on without it' },
    ];
    const { url, asked } = await server({ done: 1, items, more: true });
    const done = await weft(['dead', 'retry', '--node', 'a', '-n', '2', '--url', url]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.err).toContain('T2 b: its run goes on without it\n1 of 2 retried\nthere are more');
    expect(asked[0]).toMatchObject({ body: { filter: { node: 'a' }, limit: 2, dryRun: false } });
    expect(await weft(['dead', 'retry', '--url', url])).toMatchObject({ code: 2 });
    expect(await weft(['dead', 'discard', '--all', '--dry-run', '--url', url])).toMatchObject({ code: 0 });
    expect(asked.at(-1)).toMatchObject({ what: 'POST /v1/dead-letters/discard', body: { filter: {}, dryRun: true } });
    expect(await weft(['dead', 'retry', '--all', '--set', 'a=1', '--url', url])).toMatchObject({ code: 2 });
  });
});
