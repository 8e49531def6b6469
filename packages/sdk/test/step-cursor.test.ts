import { describe, expect, test } from 'vitest';
import type { Event } from '@weft/contract';
import { StepCursor } from '../src/step-cursor.ts';
import { event } from './wire-server.ts';

const at = (step: number, options?: Parameters<typeof event>[1]): Event => event(step, options) as Event;

describe('the cursor of a stream of events', () => {
  test('resumes after the last step that is known to be complete', () => {
    const cursor = new StepCursor(0);
    for (const step of [1, 2, 3]) cursor.take(at(step));

    expect(cursor.resumeAfter).toBe(2);
  });

  test('takes every message of a step, and none of them again', () => {
    const cursor = new StepCursor(0);
    const first = [at(1, { mode: 'tasks' }), at(1, { mode: 'values' }), at(1, { mode: 'tasks' })];

    expect(first.map((item) => cursor.take(item))).toEqual([true, true, true]);
    cursor.reconnected();
    expect(first.map((item) => cursor.take(item))).toEqual([false, false, false]);
  });

  test('takes what a cut had left out of a step', () => {
    const cursor = new StepCursor(0);
    cursor.take(at(1, { mode: 'tasks' }));
    cursor.reconnected();

    expect([at(1, { mode: 'tasks' }), at(1, { mode: 'values' }), at(2)].map((item) => cursor.take(item))).toEqual([
      false,
      true,
      true,
    ]);
  });

  test('refuses steps from before its start', () => {
    const cursor = new StepCursor(5);

    expect([5, 4, 6].map((step) => cursor.take(at(step)))).toEqual([false, false, true]);
  });

  test('takes live events of a new connection, which numbers them anew', () => {
    const cursor = new StepCursor(0);
    for (const n of [1, 2, 3]) cursor.take(at(1, { n }));
    cursor.reconnected();

    expect(cursor.take(at(1, { n: 1 }))).toBe(true);
  });

  test('takes live events in order and never steps because of them', () => {
    const cursor = new StepCursor(0);
    const taken = [at(1, { n: 1 }), at(1, { n: 2 }), at(1, { n: 2 }), at(1), at(2, { n: 1 })].map((item) =>
      cursor.take(item),
    );

    expect(taken).toEqual([true, true, false, true, true]);
    expect(cursor.resumeAfter).toBe(0);
  });
});
