/** Requests to addresses that stand in a node, by the protocols of endpoints. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { TaskState } from '@a2a-js/sdk';
import { createMemoryReplyStore } from '@weft/embedded';
import { PROTOCOL_EXECUTORS } from '@weft/executors';
import { executorCall, executorConformance } from '@weft/testkit/conformance/executor';
import { afterAll, describe, expect, test } from 'vitest';

import { createProtocols } from '../../src/index.ts';
import { protocolExecutors } from '../../src/executor/protocol-executor.ts';
import { startA2aServer } from '../a2a-server.ts';
import { serveJson } from '../json-server.ts';

const silent = (): void => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };
const protocols = createProtocols({ replies: createMemoryReplyStore(), log, holdMs: 50 });
const executors = protocolExecutors({ protocols, push: null });
const run = (type: string, input: object, parts: Parameters<typeof executorCall>[1] = {}) => {
  const executor = executors.get(type);
  if (!executor) throw new Error(`there is no ${type}`);
  return executor.run(executorCall({ prompt: 'Say hello.', ...input }, parts));
};

/** Answers at once, or at `/slow` never. */
const server = createServer((request, response) => {
  if (request.url === '/hook') response.setHeader('content-type', 'application/json').end('{"response":"Hello."}');
});
await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

afterAll(async () => {
  await Promise.all(Array.from(protocols.values(), (client) => client.close()));
  server.closeAllConnections();
  server.close();
});

const webhook = executors.get('webhook');
if (!webhook) throw new Error('there is no webhook');
executorConformance(webhook, {
  fileName: 'webhook',
  input: () => ({ url: `${base}/hook`, prompt: 'Say hello.' }),
  slow: () => ({ input: { url: `${base}/slow`, prompt: 'Wait.' }, underWay: 'called' }),
});

describe('a request to an address in the node', () => {
  test('carries the token, and its answer steers the run as that of an endpoint does', async () => {
    const { url, received } = await serveJson({ response: 'Done.', state_updates: { n: 1 }, goto: 'next' });
    const input = { url, token: 'sk-0123456789', session: 'mine', options: { mode: 'fast' } };
    expect(await run('webhook', input)).toEqual({
      kind: 'succeeded',
      output: 'Done.',
      stateUpdates: { n: 1 },
      goto: ['next'],
    });
    expect(received).toMatchObject([
      { headers: { authorization: 'Bearer sk-0123456789' }, body: { session_key: 'mine', mode: 'fast' } },
    ]);
  });

  test('gives its place back while an agent works on it, and goes on with what it had begun', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const agent = await startA2aServer(
      async (stage) => {
        stage.begin();
        stage.status(TaskState.TASK_STATE_WORKING);
        await promise;
        stage.artifact(['at last']);
        stage.status(TaskState.TASK_STATE_COMPLETED);
      },
      { streaming: false },
    );
    const first = await run('a2a', { url: agent.url });
    if (first.kind !== 'again') throw new Error(JSON.stringify(first));
    expect(first.afterMs).toBeGreaterThan(0);
    resolve();
    const look = () => run('a2a', { url: agent.url }, { memo: first.memo, attempt: 2 });
    await expect.poll(async () => (await look()).kind).toBe('succeeded');
    expect(await look()).toMatchObject({ output: 'at last' });
    expect(agent.messages).toHaveLength(1);
  });

  test.each(PROTOCOL_EXECUTORS)('%s says what is wrong with an address that is none of its own', async (type) => {
    expect(await run(type, { url: 'gopher://example.com/1' })).toMatchObject({
      kind: 'failed',
      error: { code: 'invalid_input', retryable: false, message: expect.stringMatching(/\w/) },
    });
  });
});
