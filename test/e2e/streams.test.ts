/** Streams of a mesh: real producers and workers, a real Redis, and a model's server. */
import { join } from 'node:path';

import { EventMode } from '@weft/contract';
import type { JsonObject } from '@weft/contract';
import { openRedis } from '@weft/redis';
import { texts } from '@weft/sdk';
import type { AttemptText, RunStreamItem, WeftClient } from '@weft/sdk';
import { testRedisUrl } from '@weft/testkit';
import { startOpenaiServer } from '@weft/testkit/openai-server';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openMesh } from '../chaos/use-mesh.ts';

const HANDLERS = join(import.meta.dirname, 'stream-handlers.ts');
const ALL = EventMode.options;
const SOON = { timeout: 30_000, interval: 20 };

/** A mesh with two producers and a worker, a model's server, and a Redis to look at. */
async function openStreams() {
  const mesh = await openMesh();
  const model = await startOpenaiServer(() => ({ kind: 'completion', pieces: ['Hel', 'lo, ', 'world'] }));
  const [first, second] = await Promise.all([mesh.producer(), mesh.producer(), mesh.worker(`--handlers=${HANDLERS}`)]);
  const redis = await openRedis({ url: mesh.redis.url, onError: () => undefined });
  onTestFinished(async () => {
    await model.close();
    await redis.close();
  });
  const document: JsonObject = {
    name: 'talk',
    state: { said: { type: 'string' }, answer: { type: 'string' } },
    nodes: {
      speak: {
        type: 'task',
        uses: 'handler:speak',
        with: { gate: mesh.gate.file, failures: 1 },
        retry: { maxAttempts: 2, initialMs: 50 },
      },
      ask: {
        type: 'task',
        uses: 'openai',
        with: { baseUrl: model.baseUrl, model: 'small', prompt: 'Hello?' },
        outputMapping: { answer: 'text' },
        needs: ['speak'],
      },
    },
  };
  const start = async (workflow: JsonObject): Promise<string> => (await first.client.runs.start({ workflow })).id;
  return { mesh, redis, start, document, clients: [first.client, second.client] as const };
}

/** Follows a run to its end; the list grows meanwhile. */
function follow(client: WeftClient, id: string, after = '0', modes: readonly EventMode[] = ALL) {
  const items: RunStreamItem[] = [];
  const done = (async () => {
    for await (const item of client.runs.stream(id, { modes, after })) items.push(item);
  })();
  done.catch(() => undefined);
  return { items, done };
}

const custom = (items: readonly RunStreamItem[]): unknown[] =>
  items.flatMap((item) =>
    item.kind === 'event' && item.event.mode === 'custom' && item.event.n !== undefined
      ? [(item.event.data as JsonObject)['data']]
      : [],
  );

const stepsOf = (items: readonly RunStreamItem[]): number[] =>
  items.flatMap((item) => (item.kind === 'event' && item.event.mode === 'checkpoints' ? [item.event.step] : []));

function upTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}

function lastStep(items: readonly RunStreamItem[]): number {
  const end = items.at(-1);
  if (end?.kind !== 'end') throw new Error('the stream has no end');
  return end.step;
}

describe.skipIf(testRedisUrl() === null)('the streams of a mesh', () => {
  test('C5: all modes at once, tokens, custom events and voided attempts among them, resumed anywhere at any producer', async () => {
    const { mesh, start, document, clients } = await openStreams();
    const id = await start(document);
    const live = follow(clients[0], id);
    await expect.poll(() => custom(live.items), SOON).toContainEqual({ attempt: 2 });
    mesh.gate.open();
    await live.done;

    const { items } = live;
    expect(items.at(-1)).toMatchObject({ kind: 'end', status: 'succeeded' });
    expect(items.filter(({ kind }) => kind === 'gap')).toEqual([]);
    expect(stepsOf(items)).toEqual(upTo(lastStep(items)));
    expect(custom(items)).toEqual([{ attempt: 1 }, { attempt: 2 }, 'behind the gate']);
    expect(new Set(items.flatMap((item) => (item.kind === 'event' ? [item.event.mode] : [])))).toEqual(new Set(ALL));

    const spoken = new Map<string, AttemptText>();
    async function* again(): AsyncGenerator<RunStreamItem> {
      yield* items;
    }
    for await (const text of texts(again())) spoken.set(`${text.node} ${text.attempt}`, text);
    expect(Array.from(spoken, ([name, { text, voided }]) => [name, text, voided])).toEqual([
      ['speak 1', '', true],
      ['speak 2', 'one two three', false],
      ['ask 1', 'Hello, world', false],
    ]);

    for (const [index, item] of items.entries()) {
      if (item.kind !== 'event' || item.id === null) continue;
      const rest = follow(clients[index % 2] ?? clients[0], id, item.id);
      await rest.done;
      expect(rest.items).toEqual(items.slice(index + 1));
    }
  });

  test('C5: Redis emptied in the middle is told as a gap, and no step is missing', async () => {
    const { mesh, redis, start, document, clients } = await openStreams();
    const id = await start(document);
    const live = follow(clients[0], id);
    await expect.poll(() => custom(live.items), SOON).toContainEqual({ attempt: 2 });
    const known = live.items.findLast((item) => item.kind === 'event' && item.id !== null);
    await redis.commands.flushall();
    mesh.gate.open();
    await live.done;
    const resumed = follow(clients[1], id, known?.kind === 'event' ? (known.id ?? '0') : '0');
    await resumed.done;

    for (const { items } of [live, resumed]) {
      expect(items.filter(({ kind }) => kind === 'gap')).toHaveLength(1);
      expect(custom(items)).toContain('behind the gate');
    }
    expect(stepsOf(live.items)).toEqual(upTo(lastStep(live.items)));
    const before = known?.kind === 'event' ? known.event.step : 0;
    expect(stepsOf(resumed.items)).toEqual(upTo(lastStep(live.items)).slice(before));
  });

  test('C5: what is more than is held is told as a gap, wherever a listener goes on before it', async () => {
    const { mesh, start, clients } = await openStreams();
    const flood = { uses: 'handler:flood', with: { count: 4000, gate: mesh.gate.file } };
    const id = await start({ name: 'flood', nodes: { flood: { type: 'task', ...flood } } });
    const live = follow(clients[0], id, '0', ['custom', 'checkpoints']);
    await expect.poll(() => custom(live.items).at(-1), SOON).toBe(4000);
    const late = follow(clients[1], id, '1.100', ['custom', 'checkpoints']);
    await expect.poll(() => custom(late.items).at(-1), SOON).toBe(4000);
    mesh.gate.open();
    await Promise.all([live.done, late.done]);

    expect(late.items[0]).toEqual({ kind: 'gap', after: '1.100' });
    const held = custom(late.items) as number[];
    expect(held.length).toBeLessThanOrEqual(2048);
    expect(held).toEqual(upTo(4000).slice(-held.length));
    expect(stepsOf(live.items)).toEqual(upTo(lastStep(live.items)));
  });
});
