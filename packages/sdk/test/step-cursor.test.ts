import { describe, expect, test } from 'vitest';
import type { Event } from '@weft/contract';
import { StepCursor } from '../src/step-cursor.ts';
import { event } from './wire-server.ts';

const at = (step: number, options?: Parameters<typeof event>[1]): Event => event(step, options) as Event;

describe('the cursor of a stream of events', () => {
  test('resumes after the last place that is known to be complete', () => {
    const cursor = new StepCursor('0');
    for (const step of [1, 2]) cursor.take(at(step), true);
    cursor.take(at(2, { n: 7 }), true);
    expect(cursor.resumeAfter).toBe('2.7');

    cursor.take(at(3), false);
    expect(cursor.resumeAfter).toBe('2.7');
  });

  test('takes every message of a place, and none of them again', () => {
    const cursor = new StepCursor('0');
    const first = [at(1, { mode: 'tasks' }), at(1, { mode: 'values' })];

    expect(first.map((item) => cursor.take(item, false))).toEqual([true, true]);
    cursor.reconnected();
    expect(first.map((item) => cursor.take(item, false))).toEqual([false, false]);
    expect(cursor.take(at(1, { mode: 'debug' }), true)).toBe(true);
    expect(cursor.take(at(1, { mode: 'debug' }), true)).toBe(false);
  });

  test('takes what a cut had left out of a step', () => {
    const cursor = new StepCursor('0');
    cursor.take(at(1, { mode: 'tasks' }), false);
    cursor.reconnected();

    const again = [at(1, { mode: 'tasks' }), at(1, { mode: 'values' }), at(2)];
    expect(again.map((item, index) => cursor.take(item, index > 0))).toEqual([false, true, true]);
  });

  test('refuses what lies before its start', () => {
    const cursor = new StepCursor('5.3');
    const events = [at(5), at(4), at(5, { n: 3 }), at(5, { n: 4 }), at(6)];

    expect(events.map((item) => cursor.take(item, true))).toEqual([false, false, false, true, true]);
  });
});
