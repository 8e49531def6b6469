import { setImmediate as turn } from 'node:timers/promises';

import { createFakeClock } from '@weft/testkit';
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';

import { SharedTopic } from '../src/socket/shared-topic.ts';
import type { News } from '../src/socket/shared-topic.ts';

type Tell = (news: { key: string; event: News } | null) => void;

/** A topic whose items are what the test says; a listener that writes down what it hears. */
function scene() {
  const clock = createFakeClock();
  const items = new Map<string, object>();
  let looks = 0;
  let tell: Tell | null = null;
  const topic = new SharedTopic({
    clock,
    log: pino({ level: 'silent' }),
    batchMs: 100,
    pollMs: 1000,
    source: {
      load: async () => {
        looks += 1;
        return [...items].map(([key, value]) => ({ key, value }));
      },
      changed: (key, value) => (value ? { type: 'thing', data: key } : { type: 'thing_gone', data: key }),
      listen: (given) => {
        tell = given;
        return () => (tell = null);
      },
    },
  });
  const heard: string[] = [];
  const listener = {
    snapshot: (text: string, afterGap: boolean) => void heard.push(`${afterGap ? 'gap ' : ''}${text}`),
    events: (text: string) =>
      void heard.push((JSON.parse(text) as News[]).map(({ type, data }) => `${type} ${data as string}`).join(', ')),
  };
  return {
    clock,
    items,
    topic,
    heard,
    listener,
    looks: () => looks,
    tell: (news: Parameters<Tell>[0]) => tell?.(news),
    isHeard: () => tell !== null,
    later: async (ms: number) => {
      clock.advance(ms);
      for (let i = 0; i < 5; i += 1) await turn();
    },
  };
}

describe('a topic that many share', () => {
  test('begins with a snapshot and tells what has changed since', async () => {
    const { items, topic, heard, listener, later } = scene();
    items.set('a', { n: 1 }).set('b', { n: 1 });
    topic.subscribe(listener);
    await later(0);
    items.set('a', { n: 2 }).set('c', { n: 1 });
    items.delete('b');
    await later(1000);
    await later(1000);

    expect(heard).toEqual(['[{"n":1},{"n":1}]', 'thing a, thing c, thing_gone b']);
  });

  test('tells the last news of each key together, the first at once and the next after a while', async () => {
    const { topic, heard, listener, later, tell } = scene();
    topic.subscribe(listener);
    await later(0);
    const news = (key: string, data: number): void => tell({ key, event: { type: key, data } });
    news('a', 1);
    news('a', 2);
    news('b', 1);
    await later(0);
    news('a', 3);
    await later(99);
    expect(heard.slice(1)).toEqual(['a 2, b 1']);
    await later(1);
    expect(heard.slice(1)).toEqual(['a 2, b 1', 'a 3']);
  });

  test('gives a new snapshot when news were missed', async () => {
    const { items, topic, heard, listener, later, tell } = scene();
    topic.subscribe(listener);
    await later(0);
    items.set('a', { n: 1 });
    tell(null);
    await later(1000);
    for (let n = 0; n < 3000; n += 1) tell({ key: `k${n}`, event: { type: 't', data: n } });
    await later(1000);

    expect(heard).toEqual(['[]', 'thing a', 'gap [{"n":1}]', expect.stringMatching(/^t 0/), 'gap [{"n":1}]']);
    expect(heard[3]?.split(', ')).toHaveLength(2000);
  });

  test('is looked at once for all, and not at all while nobody is there', async () => {
    const { topic, listener, later, looks, isHeard, heard, clock } = scene();
    const leave = [topic.subscribe(listener), topic.subscribe(listener), topic.subscribe({ ...listener })];
    await later(0);
    expect([looks(), isHeard()]).toEqual([1, true]);
    for (const end of leave) end();
    await later(10_000);

    expect([looks(), isHeard(), clock.pending]).toEqual([1, false, 0]);
    topic.subscribe(listener);
    await later(0);
    expect(looks()).toBe(2);
    expect(heard.at(-1)).toBe('[]');
  });
});
