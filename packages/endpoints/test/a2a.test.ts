import { once } from 'node:events';

import { TaskState } from '@a2a-js/sdk';
import { createMemoryReplyStore } from '@weft/embedded';
import { createPushHints } from '@weft/endpoints';
import type { ProtocolResult } from '@weft/endpoints';
import { describe, expect, test } from 'vitest';

import { startA2aServer } from './a2a-server.ts';
import type { A2aServerOptions, Stage } from './a2a-server.ts';
import { serveJson, status } from './json-server.ts';
import type { Reply } from './json-server.ts';
import { openProtocol, protocolCall } from './protocol-call.ts';

const SECRET = 'sk-very-secret-0123456789';

/** An agent that answers at once. */
const prompt = (stage: Stage): void => {
  stage.begin();
  stage.status(TaskState.TASK_STATE_WORKING);
  stage.artifact(['Hel']);
  stage.artifact(['lo.'], true);
  stage.status(TaskState.TASK_STATE_COMPLETED);
};

/** An agent that works until it is told to end, or canceled. */
function patient() {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stages: Stage[] = [];
  const act = async (stage: Stage): Promise<void> => {
    stages.push(stage);
    stage.begin();
    stage.status(TaskState.TASK_STATE_WORKING);
    await Promise.race([promise, once(stage.canceled, 'abort')]);
    if (stage.canceled.aborted) return stage.status(TaskState.TASK_STATE_CANCELED);
    stage.artifact(['at last']);
    stage.status(TaskState.TASK_STATE_COMPLETED);
  };
  return { act, stages, finish: () => resolve() };
}

describe('an agent that speaks A2A', () => {
  test.each<[string, A2aServerOptions, string]>([
    ['1.0, by JSON-RPC, with a stream', {}, 'POST /rpc SendStreamingMessage'],
    ['1.0, by JSON-RPC, without', { streaming: false }, 'POST /rpc SendMessage'],
    ['1.0, by REST, with a stream', { binding: 'HTTP+JSON' }, 'POST /rest/message:stream'],
    ['1.0, by REST, without', { binding: 'HTTP+JSON', streaming: false }, 'POST /rest/message:send'],
    ['0.3, with a stream', { isOld: true }, 'POST /rpc message/stream'],
    ['0.3, without', { isOld: true, streaming: false }, 'POST /rpc message/send'],
  ])('%s is found by its card and asked', async (_, options, sending) => {
    const server = await startA2aServer(prompt, { ...options, token: SECRET });
    const call = protocolCall(server.url, { target: { token: SECRET } });
    const result = await openProtocol('a2a').call(call);

    expect(result).toMatchObject({ kind: 'answered', text: 'Hello.', output: 'Hello.' });
    expect(server.requests.slice(0, 2)).toEqual(['GET /.well-known/agent-card.json', sending]);
    expect(server.messages).toMatchObject([
      { messageId: 'task-1', contextId: 'run_1_step_a', parts: [{ content: { value: 'Say hello.' } }] },
    ]);
    if (options.streaming !== false) expect(call.told.tokens).toEqual(['Hel', 'lo.']);
  });

  test('is told to cancel a task whose answer nobody waits for any more, and hears it once more without harm', async () => {
    const { act, stages } = patient();
    const server = await startA2aServer(act, { token: SECRET, streaming: false });
    const client = openProtocol('a2a', { holdMs: 50 });
    const { target, idempotencyKey, ...call } = protocolCall(server.url, { target: { token: SECRET } });
    const first = await client.call({ ...call, target, idempotencyKey });
    const { memo } = first as Extract<ProtocolResult, { kind: 'pending' }>;
    const left = { target, idempotencyKey, memo, signal: AbortSignal.timeout(5000) };
    await client.letGo?.(left);
    await expect.poll(() => stages.map(({ canceled }) => canceled.aborted)).toEqual([true]);
    await client.letGo?.(left);
    const deaf = { ...target, url: 'http://127.0.0.1:1/', token: SECRET };
    await expect(client.letGo?.({ ...left, target: deaf })).rejects.toThrow(/127\.0\.0\.1/);
    // Whoever asks again asks for another task.
    await client.call({ ...call, target, idempotencyKey });
    expect(stages).toHaveLength(2);
  });

  test.each([true, false])('is told where to say that its task has moved on, if it can (%s)', async (pushes) => {
    const receiver = await serveJson({});
    const address = createPushHints(new URL(receiver.url).origin, [{ bytes: Buffer.alloc(32, 7) }]);
    const { act, stages, finish } = patient();
    const server = await startA2aServer(act, { streaming: false, pushes });
    const task = { tenant: 'default', taskId: 'task-1' };
    const push = address.addressOf(task);
    const client = openProtocol('a2a', { holdMs: 50 });
    const first = await client.call(protocolCall(server.url, { push }));
    expect([first.kind, stages.length]).toEqual(['pending', 1]);
    finish();

    const { memo } = first as Extract<ProtocolResult, { kind: 'pending' }>;
    await expect.poll(async () => (await client.call(protocolCall(server.url, { push, memo }))).kind).toBe('answered');
    const hints = () => receiver.received.map(({ path, headers }) => [path, headers['x-a2a-notification-token']]);
    if (pushes) await expect.poll(() => hints().at(-1)).toEqual(['/v1/push/default/task-1', push.token]);
    else expect(hints()).toEqual([]);
    expect([address.isFor(task, push.token), address.isFor({ ...task, tenant: 'other' }, push.token)]).toEqual([
      true,
      false,
    ]);
  });

  test('is not asked for its card each time', async () => {
    const server = await startA2aServer(prompt);
    const client = openProtocol('a2a');
    await client.call(protocolCall(server.url));
    await client.call(protocolCall(server.url, { idempotencyKey: 'task-2' }));

    expect(server.requests.filter((request) => request.startsWith('GET'))).toHaveLength(1);
  });

  test('may answer by a message, without a task', async () => {
    const server = await startA2aServer((stage) => stage.answer('{"goto": "next", "state_updates": {"a": 1}}'));

    expect(await openProtocol('a2a').call(protocolCall(server.url))).toMatchObject({
      kind: 'answered',
      goto: ['next'],
      stateUpdates: { a: 1 },
    });
  });

  test('may answer with data, and says what it cost', async () => {
    const server = await startA2aServer((stage) => {
      stage.begin();
      stage.artifact([{ answer: 42 }]);
      stage.status(TaskState.TASK_STATE_COMPLETED);
    });

    expect(await openProtocol('a2a').call(protocolCall(server.url))).toEqual({
      kind: 'answered',
      text: '{"answer":42}',
      output: { answer: 42 },
      usage: { inputTokens: 7, outputTokens: 8, usd: 0 },
    });
  });

  test.each<[string, TaskState, string, boolean, boolean]>([
    ['fails', TaskState.TASK_STATE_FAILED, 'remote_task_failed', true, true],
    ['rejects the task', TaskState.TASK_STATE_REJECTED, 'remote_task_rejected', false, false],
    ['cancels the task', TaskState.TASK_STATE_CANCELED, 'remote_task_canceled', true, false],
    ['asks back', TaskState.TASK_STATE_INPUT_REQUIRED, 'agent_needs_input', false, false],
    ['asks for credentials', TaskState.TASK_STATE_AUTH_REQUIRED, 'agent_needs_input', false, false],
  ])('and %s says why', async (_, state, code, retryable, isFault) => {
    const server = await startA2aServer((stage) => {
      stage.begin();
      stage.status(state, 'for a reason');
    });
    const result = await openProtocol('a2a').call(protocolCall(server.url));

    expect(result).toMatchObject({
      isFault,
      error: { code, retryable, message: expect.stringContaining(': for a reason') },
    });
  });

  test('and finishes with a word alone has answered that, and with nothing at all has not', async () => {
    const finishing = (says?: string) => (stage: Stage) => {
      stage.begin();
      stage.status(TaskState.TASK_STATE_COMPLETED, says);
    };
    const ask = async (says?: string) => {
      const { url } = await startA2aServer(finishing(says));
      return await openProtocol('a2a').call(protocolCall(url));
    };

    expect(await ask('done')).toMatchObject({ kind: 'answered', text: 'done' });
    expect(await ask()).toMatchObject({ error: { code: 'missing_output' } });
  });
});

describe('a long task of an agent', () => {
  test.each([[true], [false]])(
    'leaves the call pending, and any worker goes on with it (stream: %s)',
    async (streaming) => {
      const agent = patient();
      const server = await startA2aServer(agent.act, { streaming });
      const replies = createMemoryReplyStore();
      const first = await openProtocol('a2a', { replies, holdMs: 100 }).call(protocolCall(server.url));
      const memo = first.kind === 'pending' ? first.memo : null;
      const second = await openProtocol('a2a', { replies, holdMs: 100 }).call(protocolCall(server.url, { memo }));
      const going = openProtocol('a2a', { replies: createMemoryReplyStore(), holdMs: 10_000 }).call(
        protocolCall(server.url, { memo: second.kind === 'pending' ? second.memo : null }),
      );
      agent.finish();

      expect(first).toMatchObject({ kind: 'pending', memo: { taskId: agent.stages[0]?.taskId }, afterMs: 1000 });
      expect(second).toMatchObject({ kind: 'pending', memo: { taskId: agent.stages[0]?.taskId }, afterMs: 2000 });
      expect(await going).toMatchObject({ kind: 'answered', text: 'at last' });
      expect(server.messages).toHaveLength(1);
    },
  );

  test('is found again by the next attempt though the one before died without a word', async () => {
    const agent = patient();
    const server = await startA2aServer(agent.act);
    const replies = createMemoryReplyStore();
    const died = new AbortController();
    const dead = openProtocol('a2a', { replies }).call(protocolCall(server.url, { signal: died.signal }));
    await expect
      .poll(() => replies.open('task-1'), { timeout: 5000 })
      .toMatchObject({ note: { taskId: expect.any(String) } });
    died.abort('shutdown');
    const aborted = await dead;
    const going = openProtocol('a2a', { replies }).call(protocolCall(server.url));
    agent.finish();

    expect(aborted).toMatchObject({ error: { code: 'aborted' } });
    expect(await going).toMatchObject({ kind: 'answered', text: 'at last' });
    expect(server.messages).toHaveLength(1);
  });

  test.each([['timeout'], ['revoked'], ['heartbeat_timeout']])('is canceled over there after a %s', async (reason) => {
    const agent = patient();
    const server = await startA2aServer(agent.act);
    const stop = new AbortController();
    const replies = createMemoryReplyStore();
    const client = openProtocol('a2a', { replies });
    const going = client.call(protocolCall(server.url, { signal: stop.signal }));
    await expect.poll(() => replies.open('task-1'), { timeout: 5000 }).toMatchObject({ note: { send: 1 } });
    stop.abort(reason);
    const result = await going;
    agent.finish();

    expect(result).toMatchObject({ isFault: false, error: { code: 'aborted' } });
    expect(agent.stages[0]?.canceled.aborted).toBe(true);
    expect(await client.call(protocolCall(server.url))).toMatchObject({ text: 'at last' });
    expect(server.messages.map(({ messageId }) => messageId)).toEqual(['task-1', 'task-1#2']);
  });

  test('that the agent has lost is begun anew by the next attempt', async () => {
    const server = await startA2aServer(prompt);
    const client = openProtocol('a2a');
    const memo = { taskId: 'nobody-knows', send: 1, looks: 3 };
    const lost = await client.call(protocolCall(server.url, { memo }));

    expect(lost).toMatchObject({ isFault: true, error: { code: 'remote_task_lost', retryable: true } });
    expect(await client.call(protocolCall(server.url))).toMatchObject({ text: 'Hello.' });
  });
});

describe('an agent from before there were messages', () => {
  const done = {
    result: {
      id: 'task-1',
      status: { state: 'completed' },
      artifacts: [{ parts: [{ type: 'text', text: 'Hello.' }] }],
    },
  };
  /** Answers by the method of the protocol, or by the path of a GET; there is nothing else. */
  const by = (answers: Record<string, object>): Reply => {
    return (response, { method, path, body }) => {
      const name = method === 'GET' ? path : body['method'];
      const answer = typeof name === 'string' ? answers[name] : undefined;
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id: body['id'], ...answer }));
    };
  };

  test('has no card and is asked by tasks/send', async () => {
    const { url, received } = await serveJson(by({ 'tasks/send': done }));
    const result = await openProtocol('a2a').call(protocolCall(url));

    expect(result).toEqual({ kind: 'answered', text: 'Hello.', output: 'Hello.' });
    expect(received.filter(({ method }) => method === 'GET')).toHaveLength(4);
    expect(received.at(-1)).toMatchObject({
      path: '/hook/a2a',
      body: {
        jsonrpc: '2.0',
        method: 'tasks/send',
        params: {
          id: 'task-1',
          message: { role: 'user', parts: [{ type: 'text', text: 'Say hello.' }] },
          contextId: 'run_1_step_a',
        },
      },
    });
  });

  test('that works on is asked again by tasks/get', async () => {
    const working = { result: { status: { state: 'working' } } };
    const { url, received } = await serveJson(by({ 'tasks/send': working, 'tasks/get': done }));

    expect(await openProtocol('a2a').call(protocolCall(url))).toMatchObject({ text: 'Hello.' });
    expect(received.at(-1)?.body).toMatchObject({ method: 'tasks/get', params: { id: 'task-1' } });
  });

  test('that has a card, but does not know messages, is asked by tasks/send', async () => {
    const lists = { skills: [], defaultInputModes: [], defaultOutputModes: [] };
    const answers: Record<string, object> = { 'tasks/send': done };
    answers['message/send'] = { error: { code: -32601, message: 'Method not found' } };
    const { url, received } = await serveJson(by(answers));
    const address = new URL('/rpc', url).href;
    answers['/.well-known/agent.json'] = { name: 'Old', url: address, version: '1', capabilities: {}, ...lists };
    const client = openProtocol('a2a');
    const results = [
      await client.call(protocolCall(url)),
      await client.call(protocolCall(url, { idempotencyKey: 'b' })),
    ];

    expect(results).toMatchObject([{ text: 'Hello.' }, { text: 'Hello.' }]);
    expect(received.map(({ body }) => body['method']).filter((method) => method !== undefined)).toEqual([
      'message/send',
      'tasks/send',
      'tasks/send',
    ]);
  });

  test.each<[string, object, string]>([
    ['an error', { error: { code: -32603, message: 'out of order' } }, 'endpoint_error'],
    [
      'a failure',
      { result: { status: { state: 'failed', message: { parts: [{ text: 'no' }] } } } },
      'remote_task_failed',
    ],
    ['no artifact', { result: { status: { state: 'completed' } } }, 'missing_output'],
    ['no task', {}, 'missing_output'],
    ['garbage', { result: 'none' }, 'bad_response'],
    ['an endless id', { result: { id: 'x'.repeat(1001), status: { state: 'working' } } }, 'bad_response'],
  ])('that answers %s fails', async (_, answer, code) => {
    const { url } = await serveJson(by({ 'tasks/send': answer }));

    expect(await openProtocol('a2a').call(protocolCall(url))).toMatchObject({ kind: 'failed', error: { code } });
  });
});

describe('an agent that', () => {
  const ask = async (url: string, options: Record<string, never[] | string[]> = {}, token: string | null = SECRET) => {
    const call = protocolCall(url, { target: { token, options }, maxBytes: 20_000 });
    const result = await openProtocol('a2a').call(call);
    expect(JSON.stringify([result, call.told])).not.toContain(SECRET);
    return result;
  };

  test('does not let it in fails with endpoint_unauthorized', async () => {
    const server = await startA2aServer(prompt, { token: 'another' });

    expect(await ask(server.url)).toMatchObject({
      isFault: true,
      error: { code: 'endpoint_unauthorized', retryable: false },
    });
  });

  test('sends its caller elsewhere by its card is not followed, unless the endpoint allows it', async () => {
    const elsewhere = await startA2aServer(prompt, { token: SECRET });
    const server = await startA2aServer(prompt, { advertised: elsewhere.url });

    expect(await ask(server.url)).toMatchObject({
      isFault: true,
      error: { code: 'bad_agent_card', message: expect.stringContaining(elsewhere.url) },
    });
    expect(elsewhere.requests).toEqual([]);
    expect(await ask(server.url, { origins: [elsewhere.url] })).toMatchObject({ text: 'Hello.' });
  });

  test.each<[string, Reply, string]>([
    ['redirects', status(302, '', { location: 'http://169.254.169.254/latest' }), 'endpoint_redirected'],
    ['answers a page', status(200, '<html></html>', { 'content-type': 'text/html' }), 'bad_agent_card'],
    ['has a card that is none', { name: 'x' }, 'bad_agent_card'],
    [
      'offers nothing that is spoken here',
      { supportedInterfaces: [{ url: 'http://127.0.0.1', protocolBinding: 'GRPC', protocolVersion: '1.0' }] },
      'bad_agent_card',
    ],
    ['has a card without end', status(200, `"${'x'.repeat(50_000)}"`), 'response_too_large'],
    ['is overloaded', status(503, 'no', { 'retry-after': '3' }), 'http_status'],
  ])('%s fails', async (_, reply, code) => {
    const { url } = await serveJson(reply);
    const result = await ask(url);

    expect(result).toMatchObject({ kind: 'failed', isFault: true, error: { code } });
    if (code === 'http_status') expect(result).toMatchObject({ retryAfterMs: 3000 });
  });

  test('streams without end is cut off at the limit', async () => {
    const server = await startA2aServer(async (stage) => {
      stage.begin();
      while (!stage.canceled.aborted && stage.message.messageId !== '') {
        stage.artifact(['x'.repeat(4000)], true);
        await new Promise((resolve) => setImmediate(resolve));
        if (server.requests.length > 3) break;
      }
      stage.status(TaskState.TASK_STATE_COMPLETED);
    });

    expect(await ask(server.url)).toMatchObject({ isFault: true, error: { code: 'response_too_large' } });
  });

  test('is healthy when its card is there', async () => {
    const server = await startA2aServer(prompt);
    const { url } = await serveJson(status(500));
    const client = openProtocol('a2a');
    const signal = AbortSignal.timeout(5000);

    expect(await client.probe(protocolCall(server.url).target, null, signal)).toEqual({
      isHealthy: true,
      detail: 'its card: Desk',
    });
    expect(await client.probe(protocolCall(url).target, null, signal)).toMatchObject({ isHealthy: false });
    expect(await client.probe(protocolCall('http://127.0.0.1:1/').target, null, signal)).toMatchObject({
      isHealthy: false,
    });
  });
});
