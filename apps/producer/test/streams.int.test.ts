import { EventMode } from '@weft/contract';
import type { JsonObject } from '@weft/contract';
import { createClient } from '@weft/sdk';
import type { RunStreamItem, WeftClient } from '@weft/sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { startProducer } from '../src/index.ts';
import type { Producer } from '../src/index.ts';
import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';
import { openSocket } from './socket-log.ts';

const PATIENCE = { timeout: 15_000, interval: 10 };
const ALL = EventMode.options;

let api: ApiRig;
let producer: Producer;
let client: WeftClient;
let gate = Promise.withResolvers<void>();

beforeAll(async () => {
  api = await createApiRig({
    talk: async ({ emit, token, heartbeat, attempt }) => {
      emit({ attempt });
      for (const piece of ['to', 'ken', 's']) token(piece);
      heartbeat(0.5);
      await gate.promise;
      emit('through');
      return attempt === 1
        ? { kind: 'failed', error: { code: 'again', message: 'again', retryable: true } }
        : { kind: 'succeeded', output: 'said' };
    },
  });
  producer = await startProducer({ ...api.options, host: '127.0.0.1', port: 0 });
  client = createClient({ url: producer.url });
}, 60_000);

afterAll(async () => {
  gate.resolve();
  await producer.close();
  await api.stop();
});

const talk: JsonObject = {
  name: 'talk',
  state: { said: { type: 'string' } },
  nodes: { talk: { type: 'task', uses: 'talk', output: 'said', retry: { maxAttempts: 2, initialMs: 10 } } },
};

async function start(workflow: JsonObject): Promise<string> {
  gate = Promise.withResolvers();
  return (await client.runs.start({ workflow })).id;
}

function follow(id: string, after = '0', modes: readonly EventMode[] = ALL) {
  const items: RunStreamItem[] = [];
  const ended = new AbortController();
  const done = (async () => {
    for await (const item of client.runs.stream(id, { modes, after, signal: ended.signal })) items.push(item);
  })();
  done.catch(() => undefined);
  return { items, done, leave: () => ended.abort() };
}

const types = (items: readonly RunStreamItem[]): string[] =>
  items.flatMap((item) => (item.kind === 'event' ? [`${item.event.mode} ${item.event.type}`] : []));

describe('all modes of a stream', () => {
  test('C5: bring steps and what is told between them, and the rest of it from anywhere on', async () => {
    const id = await start(talk);
    const { items, done } = follow(id);
    await expect.poll(() => types(items), PATIENCE).toContain('tasks task_progress');
    gate.resolve();
    await done;

    const ofSteps = (mode: string) =>
      ['run_started', 'task_retried', 'task_succeeded', 'run_ended'].map((type) => `${mode} ${type}`);
    const live = ['custom custom', 'messages token', 'tasks task_started', 'tasks task_progress'];
    const voiding = ['custom task_retried', 'messages task_retried'];
    expect(types(items)).toEqual(
      expect.arrayContaining([
        ...['tasks', 'values', 'checkpoints', 'debug'].flatMap(ofSteps),
        'updates task_succeeded',
        ...live,
        ...voiding,
      ]),
    );
    const retried = items.findIndex((item) => item.kind === 'event' && item.event.type === 'task_retried');
    const late = items.slice(retried).filter((item) => {
      if (item.kind !== 'event' || item.event.n === undefined) return false;
      return (item.event.data as JsonObject)['attempt'] === 1;
    });
    expect(late).toEqual([]);
    for (const [index, item] of items.entries()) {
      if (item.kind !== 'event' || item.id === null) continue;
      const rest = follow(id, item.id);
      await rest.done;
      expect(rest.items).toEqual(items.slice(index + 1));
    }
  });

  test('come over a WebSocket with the same places, and go on after any of them', async () => {
    const id = await start(talk);
    gate.resolve();
    await api.rig.ended(id);
    const { items, done } = follow(id);
    await done;
    const log = await openSocket(producer.url);
    log.send({ t: 'subscribe', id: 'all', topic: `run:${id}`, modes: ALL });
    log.send({ t: 'subscribe', id: 'rest', topic: `run:${id}`, modes: ALL, after: '1.2' });
    const ended = (name: string) => log.of(name).some(({ t }) => t === 'end');
    await expect.poll(() => ended('all') && ended('rest'), PATIENCE).toBe(true);

    const events = items.flatMap((item) => (item.kind === 'event' ? [item.event] : []));
    const told = (name: string) => log.of(name).flatMap((frame) => (frame.t === 'batch' ? frame.events : []));
    expect(told('all')).toEqual(events);
    const known = items.findIndex((item) => item.kind === 'event' && item.id === '1.2');
    expect(told('rest')).toEqual(events.slice(known + 1));
    const last = log.of('all').findLast((frame) => frame.t === 'batch');
    expect(last).toMatchObject({ lastStep: events.at(-1)?.step, lastId: String(events.at(-1)?.step) });
    await log.close();
  });

  test('stay open while the run is interrupted', async () => {
    const id = await start({
      name: 'asks',
      nodes: { ask: { type: 'interrupt', message: 'Go on?', answerSchema: { type: 'boolean' } } },
    });
    const { items, done } = follow(id);
    await expect.poll(async () => (await client.runs.get(id)).status, PATIENCE).toBe('interrupted');
    const [question] = (await client.runs.get(id)).interrupts ?? [];
    await expect.poll(() => types(items), PATIENCE).toContain('tasks task_waiting');
    expect(items.some(({ kind }) => kind === 'end')).toBe(false);
    await client.runs.resume(id, { answers: { [question?.id ?? '']: true } });
    await done;

    expect(items.at(-1)).toMatchObject({ kind: 'end', status: 'succeeded' });
  });
});

describe('the values of a run that goes on from a step of another', () => {
  test('begin with the state of that step', async () => {
    const nodes = {
      a: { type: 'task', uses: 'echo', with: 1, output: 'sum' },
      b: { type: 'task', uses: 'echo', with: 2, output: 'sum', needs: ['a'] },
    };
    const id = await start({ name: 'sums', state: { sum: { type: 'number', reducer: 'add', default: 0 } }, nodes });
    await api.rig.ended(id);
    const fork = (await api.post(`/v1/runs/${id}/fork`, { step: 2 })).json<{ id: string }>();
    const { items, done } = follow(fork.id, '0', ['values', 'checkpoints']);
    await done;

    const states = items.flatMap((item) => (item.kind === 'event' && item.event.mode === 'values' ? [item.event] : []));
    expect(states.map(({ data }) => data)).toEqual([{ sum: 1 }, { sum: 3 }, { sum: 3 }]);
    const { step: first } = states[0] ?? { step: 0 };
    expect(states.map(({ step }) => step)).toEqual([first, first + 1, first + 2]);
  });
});
