import type { Event, Interrupt, Json, Run } from '@weft/contract';
import type { WeftClient } from '@weft/sdk';
import { describe, expect, test, vi } from 'vitest';
import { tellQuestions } from '../src/watch/tell-questions.ts';

const question = (id: string): Interrupt => ({ id, node: id, message: null }) as Partial<Interrupt> as Interrupt;
const event = (data: Json): Event => ({ data }) as Partial<Event> as Event;
const asks = event({ tasks: [{ key: 'a#0', status: 'waiting', waits: 'answer' }] });

/** A run that is read only once the test lets it, each time as it then is. */
function scene(first: Interrupt[]) {
  let interrupts = first;
  let reads = 0;
  const gates: (() => void)[] = [];
  const get = async () => {
    reads += 1;
    await new Promise<void>((resolve) => gates.push(resolve));
    return { interrupts } as Run;
  };
  const told: string[] = [];
  const signal = new AbortController().signal;
  const client = { runs: { get } } as unknown as WeftClient;
  const talk = tellQuestions(client, { interrupts } as Run, {
    signal,
    tell: ({ id }) => told.push(id),
    tellMore: () => told.push('more'),
  });
  return {
    talk,
    told,
    reads: () => reads,
    set: (now: Interrupt[]) => (interrupts = now),
    open: async () => {
      await vi.waitUntil(() => gates.length > 0);
      gates.shift()?.();
    },
  };
}

describe('the questions of a run that is followed', () => {
  test('are told at the beginning, and then each once', async () => {
    const { talk, told, set, open } = scene([question('a')]);
    expect(told).toEqual(['a']);

    set([question('a'), question('b')]);
    talk.take(asks);
    await open();
    await vi.waitUntil(() => told.length === 2);
    expect(told).toEqual(['a', 'b']);
  });

  test('are told up to a number, and then that there are more', async () => {
    const many = Array.from({ length: 200 }, (_, i) => question(`q${i}`));
    const { talk, told, reads } = scene(many);
    talk.take(asks);

    expect(told).toEqual([...many.slice(0, 10).map(({ id }) => id), 'more']);
    expect(reads()).toBe(0);
  });

  test('are read once more for any number of events that came during a read', async () => {
    const { talk, told, set, open, reads } = scene([]);
    for (let i = 0; i < 5; i += 1) talk.take(asks);
    await open();
    set([question('a')]);
    await open();
    await vi.waitUntil(() => told.length === 1);

    expect(reads()).toBe(2);
  });

  test('are not looked for because of other events, and not told after the end', async () => {
    const { talk, told, set, open, reads } = scene([]);
    for (const data of [null, [], { tasks: [{ waits: 'retry' }, null] }, { run: { status: 'running' } }])
      talk.take(event(data));
    expect(reads()).toBe(0);

    set([question('a')]);
    talk.take(asks);
    talk.close();
    await open();
    await new Promise(setImmediate);
    expect(told).toEqual([]);
  });
});
