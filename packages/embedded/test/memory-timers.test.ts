import type { DueTimer } from '@weft/engine/ports';
import { createMemoryTimers } from '@weft/embedded';
import { createFakeClock } from '@weft/testkit';
import { timersConformance } from '@weft/testkit/conformance/timers';
import { describe, expect, test } from 'vitest';

timersConformance('in memory', () => {
  const clock = createFakeClock();
  const timers = createMemoryTimers({ clock, onListenerError: () => undefined });
  return { timers, elapse: (ms) => clock.advance(ms) };
});

const timer = (inMs: number, attempt = 1): DueTimer => {
  return { runId: 'run-1', key: 'a#1', kind: 'retry', attempt, dueAt: 1_000_000 + inMs, inMs };
};

function setUp() {
  const clock = createFakeClock();
  const errors: unknown[] = [];
  const timers = createMemoryTimers({ clock, onListenerError: (error) => void errors.push(error) });
  const heard: string[] = [];
  const note = (due: readonly DueTimer[]) => {
    for (const { attempt } of due) heard.push(`${attempt}@${clock.monotonicMs()}`);
  };
  return { clock, timers, heard, note, errors };
}

describe('timers in memory', () => {
  test('A12: another attempt replaces the one before, whichever is due first', async () => {
    for (const [first, second] of [
      [100, 300],
      [300, 100],
    ] as const) {
      const { clock, timers, heard, note } = setUp();
      timers.onDue(note);
      await timers.schedule([timer(first, 1)]);
      await timers.schedule([timer(second, 2)]);
      clock.advance(500);

      expect(heard).toEqual([`2@${second}`]);
    }
  });

  test('A12: another due time of the same attempt replaces the one before', async () => {
    const { clock, timers, heard, note } = setUp();
    timers.onDue(note);
    await timers.schedule([timer(300)]);
    await timers.schedule([timer(100)]);
    clock.advance(500);

    expect(heard).toEqual(['1@100']);
  });

  test('A12: one alarm of the clock serves all timers', async () => {
    const { clock, timers, note } = setUp();
    timers.onDue(note);
    await timers.schedule(Array.from({ length: 1_000 }, (_, n) => ({ ...timer(1_000 - n), key: `t#${n}` })));

    expect(clock.pending).toBe(1);
  });

  test('A12: timers due at one time are told together', async () => {
    const { clock, timers } = setUp();
    const sizes: number[] = [];
    timers.onDue((due) => sizes.push(due.length));
    await timers.schedule([timer(10), { ...timer(10), key: 'b#1' }, { ...timer(20), key: 'c#1' }]);
    clock.advance(30);

    expect(sizes).toEqual([2, 1]);
  });

  test('A12: without a listener the clock rests, and the next listener hears what became due', async () => {
    const { clock, timers, heard, note } = setUp();
    const leave = timers.onDue(() => undefined);
    await timers.schedule([timer(100)]);
    leave();
    expect(clock.pending).toBe(0);

    clock.advance(500);
    timers.onDue(note);
    clock.advance(0);
    expect(heard).toEqual(['1@500']);
  });

  test('A12: a listener may ask for the same timer again', async () => {
    const { clock, timers, heard, note } = setUp();
    timers.onDue((due) => {
      note(due);
      if (heard.length < 3) void timers.schedule(due);
    });
    await timers.schedule([timer(100)]);
    clock.advance(1_000);

    expect(heard).toEqual(['1@100', '1@200', '1@300']);
  });

  test('A12: a listener that throws does not keep others from waking', async () => {
    const { clock, timers, heard, note, errors } = setUp();
    timers.onDue(() => {
      throw new Error('a listener fails');
    });
    timers.onDue(note);
    await timers.schedule([timer(10, 1)]);
    clock.advance(10);
    await timers.schedule([timer(10, 2)]);
    clock.advance(10);

    expect(heard).toEqual(['1@10', '2@20']);
    expect(errors).toHaveLength(2);
  });
});
