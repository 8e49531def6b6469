import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';

import { createMcpHandler } from '@modelcontextprotocol/server';
import type { JsonObject } from '@weft/contract';
import type { ExecutorCall, Outcome } from '@weft/engine/ports';
import { closeMcpServers } from '@weft/executors';
import { freePort } from '@weft/testkit';
import { executorCall, executorConformance } from '@weft/testkit/conformance/executor';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';

import mcp from '../src/builtin/mcp.ts';
import { createServer } from './fixtures/mcp-tools.ts';

const STDIO = [process.execPath, fileURLToPath(new URL('./fixtures/mcp-stdio.ts', import.meta.url))];
const hostile = (mode: string) => [
  process.execPath,
  fileURLToPath(new URL('./fixtures/mcp-hostile.mjs', import.meta.url)),
  mode,
];

let url: string;
const requests: IncomingMessage[] = [];
const handler = createMcpHandler(() => createServer());
const http = createHttpServer((request, response) => void answer(request, response));

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  requests.push(request);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (request.url === '/down') return void response.writeHead(503).end('not now');
  if (request.url === '/away') return void response.writeHead(307, { location: 'http://127.0.0.1:1/' }).end();
  if (request.url === '/page') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
  if (request.url === '/flood') {
    response.writeHead(200, { 'content-type': 'application/json' });
    while (!response.destroyed)
      if (!response.write(' '.repeat(65_536))) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    return;
  }
  const headers = Object.entries(request.headers).map(([name, value]): [string, string] => [name, String(value)]);
  const body = chunks.length > 0 ? { body: Buffer.concat(chunks) } : {};
  const given = await handler.fetch(new Request(url, { method: request.method ?? 'GET', headers, ...body }));
  response.writeHead(given.status, Object.fromEntries(given.headers));
  for await (const chunk of given.body ?? []) response.write(chunk);
  response.end();
}

beforeAll(async () => {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`;
});
afterEach(() => closeMcpServers());
afterAll(() => {
  http.closeAllConnections();
  http.close();
});

function run(input: JsonObject, parts: Partial<ExecutorCall> = {}): Promise<Outcome> {
  return mcp.run(executorCall(input, parts));
}

async function textOf(input: JsonObject, parts: Partial<ExecutorCall> = {}): Promise<string> {
  const outcome = await run(input, parts);
  if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
  return (outcome.output as { text: string }).text;
}

const pidOf = async (input: JsonObject = {}, parts: Partial<ExecutorCall> = {}) =>
  Number((await textOf({ command: STDIO, tool: 'pid', ...input }, parts)).split(' ')[0]);

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

executorConformance(mcp, {
  fileName: 'mcp',
  input: () => ({ command: STDIO, tool: 'add', arguments: { a: 1, b: 2 } }),
  slow: () => ({ input: { command: STDIO, tool: 'slow', arguments: { ms: 3000 } }, underWay: 'heartbeat' }),
});

describe.each([
  ['a command', () => ({ command: STDIO })],
  ['a URL', () => ({ url })],
])('a server behind %s', (_what, address) => {
  test('calls a tool and gives what it says, as text and as data', async () => {
    const outcome = await run({ ...address(), tool: 'add', arguments: { a: 40, b: 2 } });

    expect(outcome).toEqual({
      kind: 'succeeded',
      output: { text: '42', structured: { sum: 42 }, content: [{ type: 'text', text: '42' }] },
    });
  });

  test('lists its tools with their schemas', async () => {
    const outcome = await run({ ...address(), action: 'list' });

    expect(outcome).toMatchObject({
      output: {
        tools: expect.arrayContaining([expect.objectContaining({ name: 'add', description: 'Adds two numbers.' })]),
      },
    });
  });

  test('is not asked with arguments that do not fit, nor for a tool that it does not have', async () => {
    expect(await run({ ...address(), tool: 'add', arguments: { a: 'one' } })).toMatchObject({
      error: { code: 'invalid_input', retryable: false, details: { errors: [{ pointer: '/arguments' }, {}] } },
    });
    expect(await run({ ...address(), tool: 'sub' })).toMatchObject({
      error: { code: 'unknown_tool', retryable: false },
    });
  });

  test('says that a tool failed, and what it has said of that', async () => {
    expect(await run({ ...address(), tool: 'fail' })).toMatchObject({
      error: { code: 'tool_failed', message: 'The tool fail failed: the desk is closed', retryable: false },
    });
  });

  test('tells how far it is, and may take longer than its time as long as it does', async () => {
    const heartbeat = vi.fn<ExecutorCall['heartbeat']>();

    expect(await textOf({ ...address(), tool: 'slow', arguments: { ms: 3000 }, timeoutMs: 2500 }, { heartbeat })).toBe(
      'done',
    );
    expect(heartbeat).toHaveBeenCalledWith({ progress: 2, total: 5 });
  });

  test('that says nothing is given up, and is not used again', async () => {
    expect(await run({ ...address(), tool: 'hang', timeoutMs: 300 })).toMatchObject({
      error: { code: 'mcp_timeout', retryable: true },
    });
    expect(await textOf({ ...address(), tool: 'add', arguments: { a: 1, b: 1 } })).toBe('2');
  });

  test('that says too much is refused', async () => {
    expect(await run({ ...address(), tool: 'large', arguments: { bytes: 5000 }, maxBytes: 4000 })).toMatchObject({
      error: { code: 'response_too_large', retryable: false },
    });
  });
});

describe('a command', () => {
  test('stays warm between tasks of a tenant, is shared with no other, and leaves with the worker', async () => {
    const [first, second] = [await pidOf(), await pidOf()];
    const other = await pidOf({}, { tenant: 'other' });
    await closeMcpServers();

    expect(second).toBe(first);
    expect(other).not.toBe(first);
    await vi.waitFor(() => expect([first, other].map(isAlive)).toEqual([false, false]), 5000);
  });

  test('serves many tasks at once', async () => {
    const sums = await Promise.all(
      Array.from({ length: 20 }, (_, n) => textOf({ command: STDIO, tool: 'add', arguments: { a: n, b: 1 } })),
    );

    expect(sums).toEqual(Array.from({ length: 20 }, (_, n) => String(n + 1)));
  });

  test('inherits nothing but what it is given', async () => {
    const names = (await textOf({ command: STDIO, tool: 'pid', env: { DESK_TOKEN: 'x' } })).split(' ').slice(1);

    expect(names.filter((name) => !['PATH', 'HOME', 'LANG'].includes(name))).toEqual(['DESK_TOKEN']);
  });

  test('that dies in a call is told of with what it said last, and the next call has another', async () => {
    const before = await pidOf();

    expect(await run({ command: STDIO, tool: 'die' })).toMatchObject({
      error: { code: 'mcp_server_died', retryable: true, details: { exitCode: 3, stderr: 'it hurts\n' } },
    });
    expect(await pidOf()).not.toBe(before);
  });

  test.each([
    ['ends at once', 'exit', 'mcp_server_died', true],
    ['says nothing', 'silent', 'mcp_timeout', true],
    ['speaks no JSON', 'garbage', 'mcp_bad_answer', true],
    ['greets wrongly', 'wrong', 'mcp_bad_answer', true],
    ['answers in another shape', 'shape', 'mcp_bad_answer', true],
    ['breaks its own schema', 'liar', 'mcp_bad_answer', true],
    ['writes one message without end', 'endless', 'response_too_large', false],
    ['refuses', 'error', 'mcp_error', false],
  ])('that %s fails with a code', async (_what, mode, code, retryable) => {
    const outcome = await run({ command: hostile(mode), tool: 'act', timeoutMs: 1500 });

    expect(outcome).toMatchObject({ kind: 'failed', error: { code, retryable } });
  });

  test('may say something before it begins', async () => {
    expect(await textOf({ command: hostile('chatty'), tool: 'act' })).toMatch(/^pid \d+$/);
  });

  test('that ignores its end is killed with all that it has started', async () => {
    const pid = Number((await textOf({ command: hostile('child'), tool: 'act' })).slice(4));
    await closeMcpServers();

    await vi.waitFor(() => expect(() => process.kill(-pid, 0)).toThrow('ESRCH'), 5000);
  });

  test('that there is not is told at once', async () => {
    expect(await run({ command: ['/no/such/server'], tool: 'x' })).toMatchObject({
      error: { code: 'command_not_found', retryable: false },
    });
  });

  test('is run as it is written', async () => {
    const outcome = await run({ command: [`${STDIO[0]}; touch /tmp/weft-was-here`], tool: 'x' });

    expect(outcome).toMatchObject({ error: { code: 'command_not_found' } });
  });

  test.each([
    ['a NUL', { command: ['node\0'] }, '/command/0'],
    ['no program', { command: [''] }, '/command'],
    ['a loader hook', { command: STDIO, env: { LD_PRELOAD: '/tmp/x.so' } }, '/env/LD_PRELOAD'],
    ['options for node', { command: STDIO, env: { NODE_OPTIONS: '--require /tmp/x' } }, '/env/NODE_OPTIONS'],
    ['a URL beside it', { command: STDIO, url: 'http://127.0.0.1/' }, '/command'],
    ['neither', {}, '/command'],
    ['a file URL', { url: 'file:///etc/passwd' }, '/url'],
  ])('with %s is refused, with its place', async (_what, input, pointer) => {
    expect(await run({ tool: 'x', ...input })).toMatchObject({
      error: { code: 'invalid_input', details: { errors: [{ pointer }] } },
    });
  });
});

describe('a URL', () => {
  test('gets the headers that the task gives', async () => {
    requests.length = 0;
    await run({ url, headers: { authorization: 'Bearer t' }, action: 'list' });

    expect(requests.map(({ headers }) => headers.authorization)).toContain('Bearer t');
  });

  test.each([
    ['is down', '/down', 'http_status', true],
    ['leads elsewhere', '/away', 'http_status', false],
    ['is a page', '/page', 'mcp_bad_answer', true],
    ['floods', '/flood', 'response_too_large', false],
  ])('that %s fails with a code', async (_what, path, code, retryable) => {
    const outcome = await run({ url: new URL(path, url).href, tool: 'x', timeoutMs: 3000 });

    expect(outcome).toMatchObject({ kind: 'failed', error: { code, retryable } });
  });

  test('where nobody listens may be there later', async () => {
    expect(await run({ url: `http://127.0.0.1:${await freePort()}/`, tool: 'x' })).toMatchObject({
      error: { code: 'network_error', retryable: true, details: { cause: 'ECONNREFUSED' } },
    });
  });
});
