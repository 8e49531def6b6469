import type { Event } from '@weft/contract';
import type { StreamItem } from '@weft/engine/runtime';
import { expect, test } from 'vitest';

import { itemText } from '../src/stream/event-text.ts';

const event = (step: number, mode: Event['mode']): Event => {
  return { runId: 'r', step, mode, type: 'task_succeeded', at: '2026-01-01T00:00:00.000Z', data: { step } };
};
const stepOf = (step: number): StreamItem => {
  return { kind: 'events', events: [event(step, 'tasks'), event(step, 'updates'), event(step, 'values')] };
};

/** What a browser has got of a text that ends anywhere: whole messages, and the last id among them. */
function received(text: string): { count: number; lastId: number } {
  const messages = text.split('\n\n').slice(0, -1);
  const ids = messages.flatMap((message) => /^id: (\d+)$/m.exec(message)?.[1] ?? []);
  return { count: messages.length, lastId: Number(ids.at(-1) ?? 0) };
}

test('wherever a stream is cut, going on after the last id that came loses no event', () => {
  const texts = [1, 2, 3].map((step) => itemText(stepOf(step)));
  const whole = texts.join('');
  for (let at = 0; at <= whole.length; at++) {
    const { count, lastId } = received(whole.slice(0, at));
    expect(count).toBeGreaterThanOrEqual(3 * lastId);
    expect(count).toBeLessThan(3 * (lastId + 1));
    expect(received(texts.slice(lastId).join('')).count).toBe(9 - 3 * lastId);
  }
});
