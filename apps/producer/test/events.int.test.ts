import type { Problem } from '@weft/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startProducer } from '../src/index.ts';
import type { Producer } from '../src/index.ts';
import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

type Message = {
  /** Undefined where the step has more events. */
  id: string | undefined;
  event: string;
  data: { step: number; n?: number; mode: string; type: string; data: unknown };
};

let api: ApiRig;
let producer: Producer;
/** Let the executors `gate` and `hold` go on; made anew for each run. */
let gate = Promise.withResolvers<void>();
let hold = Promise.withResolvers<void>();

beforeAll(async () => {
  api = await createApiRig({
    gate: async () => {
      await gate.promise;
      return { kind: 'succeeded', output: 'through' };
    },
    hold: async () => {
      await hold.promise;
      return { kind: 'succeeded', output: 'held' };
    },
  });
  producer = await startProducer({ ...api.options, host: '127.0.0.1', port: 0 });
});

afterAll(async () => {
  gate.resolve();
  hold.resolve();
  await producer.close();
  await api.stop();
});

const chain = {
  name: 'chain',
  state: {
    said: { type: 'array', reducer: 'append', default: [] },
    sum: { type: 'number', reducer: 'add', default: 0 },
  },
  nodes: {
    a: { type: 'task', uses: 'echo', with: 1, output: 'sum' },
    b: { type: 'task', uses: 'echo', with: 2, output: 'sum', needs: ['a'] },
    c: { type: 'transform', updates: { said: 'done' }, needs: ['b'] },
  },
};
const gated = {
  name: 'gated',
  nodes: { a: { type: 'task', uses: 'echo' }, b: { type: 'task', uses: 'gate', needs: ['a'] } },
};

async function start(workflow: object, wait = ''): Promise<string> {
  return (await api.post(`/v1/runs${wait}`, { workflow })).json().id;
}

/** The messages of a stream, until it ends or `until` says so. */
async function* follow(path: string, headers: Record<string, string> = {}): AsyncGenerator<Message> {
  const response = await fetch(`${producer.url}/v1/runs/${path}`, { headers });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  let rest = '';
  for await (const chunk of response.body ?? []) {
    rest += Buffer.from(chunk).toString();
    const texts = rest.split('\n\n');
    rest = texts.pop() ?? '';
    for (const text of texts) {
      const fields = Object.fromEntries(text.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)));
      if (fields['data'] !== undefined)
        yield { id: fields['id'], event: fields['event'], data: JSON.parse(fields['data']) };
    }
  }
}

async function all(path: string, headers?: Record<string, string>): Promise<Message[]> {
  const messages: Message[] = [];
  for await (const message of follow(path, headers)) messages.push(message);
  return messages;
}

/** The node whose start the message tells. */
function startOf({ data }: Message): unknown {
  return data.type === 'task_started' ? (data.data as { node: string }).node : undefined;
}

describe('the events of a run that has ended', () => {
  test('are all of its steps in order, then the end', async () => {
    const id = await start(chain, '?wait=20s');
    const messages = await all(`${id}/events?modes=debug`);

    expect(messages.map(({ id: step, event }) => `${step} ${event}`)).toEqual([
      '1 debug',
      '2 debug',
      '3 debug',
      '4 debug',
      '5 debug',
      '5 end',
    ]);
    expect(messages.at(-1)?.data).toEqual({ runId: id, step: 5, status: 'succeeded' });
    const steps = (await api.get(`/v1/runs/${id}/steps`)).json().items;
    expect(messages.slice(0, -1).map(({ data }) => data.data)).toMatchObject(steps);
    expect(messages[1]?.data).toMatchObject({ runId: id, step: 2, mode: 'debug', type: 'task_succeeded' });
  });

  test('go on after a step that is known, by header or by query', async () => {
    const id = await start(chain, '?wait=20s');
    const byHeader = await all(`${id}/events?modes=debug`, { 'last-event-id': '3' });
    const byLiveId = await all(`${id}/events?modes=debug`, { 'last-event-id': '3.7' });
    const byQuery = await all(`${id}/events?modes=debug&after=3`);
    const atEnd = await all(`${id}/events?modes=debug&after=5`);

    expect(byHeader.map((message) => message.id)).toEqual(['4', '5', '5']);
    expect(byLiveId).toEqual(byHeader);
    expect(byQuery).toEqual(byHeader);
    expect(atEnd.map(({ event }) => event)).toEqual(['end']);
  });

  test('tell updates and values by step', async () => {
    const id = await start(chain, '?wait=20s');
    const messages = await all(`${id}/events?modes=updates,values`);
    const told = messages.map(({ id: step, event, data }) => [step, event, data.data]);

    expect(told).toEqual([
      ['1', 'values', { said: [], sum: 0 }],
      [undefined, 'updates', { node: 'a', updates: { sum: 1 } }],
      ['2', 'values', { said: [], sum: 1 }],
      [undefined, 'updates', { node: 'b', updates: { sum: 2 } }],
      ['3', 'values', { said: [], sum: 3 }],
      [undefined, 'updates', { node: 'c', updates: { said: 'done' } }],
      ['4', 'values', { said: ['done'], sum: 3 }],
      ['5', 'values', { said: ['done'], sum: 3 }],
      ['5', 'end', undefined],
    ]);
    const resumed = await all(`${id}/events?modes=values&after=3`);
    expect(resumed[0]?.data.data).toEqual({ said: ['done'], sum: 3 });
  });
});

describe('the events of a run that goes on', () => {
  test('come as they happen, and the stream closes with the run', async () => {
    gate = Promise.withResolvers();
    const id = await start(gated);
    const seen: string[] = [];
    for await (const { event, data } of follow(`${id}/events?modes=tasks,debug`)) {
      seen.push(`${event} ${data.type}`);
      if (event === 'debug' && data.step === 2) gate.resolve();
    }
    expect(seen.filter((text) => text.startsWith('debug'))).toEqual([
      'debug run_started',
      'debug task_succeeded',
      'debug task_succeeded',
      'debug run_ended',
    ]);
    expect(seen.at(-1)).toMatch(/^end/);
  });

  test('a start that stands between steps has an id of its own', async () => {
    gate = Promise.withResolvers();
    hold = Promise.withResolvers();
    const nodes = { a: { type: 'task', uses: 'gate' }, b: { type: 'task', uses: 'hold', needs: ['a'] } };
    const id = await start({ name: 'held', nodes });
    const messages: Message[] = [];
    for await (const message of follow(`${id}/events?modes=tasks`)) {
      messages.push(message);
      if (message.data.step === 1) gate.resolve();
      if (startOf(message) === 'b') hold.resolve();
    }
    const began = messages.findIndex((message) => startOf(message) === 'b');
    const { id: liveId, data } = messages[began] as Message;
    expect(liveId).toBe(`${data.step}.${data.n}`);
    expect(data.n).toBeGreaterThan(0);
    expect(messages.slice(began + 1).some(({ data: { type } }) => type === 'task_succeeded')).toBe(true);
  });

  test('F40: no step is missed by a client that comes back again and again', async () => {
    gate = Promise.withResolvers();
    const id = await start(gated);
    const steps: number[] = [];
    let last = '0';
    for (let connections = 0; connections < 10 && !steps.includes(4); connections += 1) {
      for await (const message of follow(`${id}/events?modes=debug`, { 'last-event-id': last })) {
        if (message.event === 'end') break;
        steps.push(message.data.step);
        last = message.id ?? last;
        if (message.data.step === 2) gate.resolve();
        break;
      }
    }
    expect(steps).toEqual([1, 2, 3, 4]);
  });
});

describe('streams that cannot be opened', () => {
  test('for what is invalid are refused before they begin', async () => {
    const id = await start(chain, '?wait=20s');
    const status = async (path: string, headers: Record<string, string> = {}) => {
      const answer = await api.get(`/v1/runs/${path}`, headers);
      return [
        answer.statusCode,
        answer.json().code,
        ...answer.json().errors.map((item: { pointer: string }) => item.pointer),
      ];
    };
    expect(await status(`${id}/events`, { 'last-event-id': 'abc' })).toEqual([
      422,
      'invalid_request',
      '/headers/last-event-id',
    ]);
    expect(await status(`${id}/events?after=-1`)).toEqual([422, 'invalid_request', '/query/after']);
    expect(await status(`${id}/events?after=99`)).toEqual([422, 'invalid_request', '/query/after']);
    expect(await status(`${id}/events?modes=everything`)).toEqual([422, 'invalid_request', '/query/modes/0']);
    expect(await status(`${id}/events?modes=values,message`)).toEqual([422, 'invalid_request', '/query/modes/1']);
    const unknown = await api.get(`/v1/runs/${id}/events?modes=tasks,foo`);
    expect(unknown.json<Problem>().errors[0]?.message).toMatch(/^expected one of .*tasks/);
    expect(await status(`${id}/events?after=1.2.3`)).toEqual([422, 'invalid_request', '/query/after']);
  });
});

describe('closing the server', () => {
  test('ends the streams of runs that go on', async () => {
    gate = Promise.withResolvers();
    const id = await start(gated);
    const server = await startProducer({ ...api.options, host: '127.0.0.1', port: 0 });
    const response = await fetch(`${server.url}/v1/runs/${id}/events`);
    const ended = response.text().then(
      () => 'ended',
      () => 'cut',
    );
    await server.close();
    await server.close();
    expect(['ended', 'cut']).toContain(await ended);
    gate.resolve();
  });
});
