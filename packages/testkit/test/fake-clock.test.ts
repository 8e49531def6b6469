import { createFakeClock } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

describe('a fake clock', () => {
  test('stands still until it is advanced', () => {
    const clock = createFakeClock({ now: 5_000 });
    expect([clock.now(), clock.monotonicMs()]).toEqual([5_000, 0]);

    clock.advance(250);
    expect([clock.now(), clock.monotonicMs()]).toEqual([5_250, 250]);
  });

  test('calls what falls due in order of due time, then of request, each at its own time', () => {
    const clock = createFakeClock({ now: 0 });
    const calls: string[] = [];
    const note = (name: string) => () => calls.push(`${name}@${clock.now()}`);
    for (const [ms, name] of [
      [30, 'c'],
      [10, 'a'],
      [10, 'b'],
      [31, 'late'],
    ] as const)
      clock.after(ms, note(name));
    clock.advance(30);

    expect(calls).toEqual(['a@10', 'b@10', 'c@30']);
    expect([clock.now(), clock.pending]).toEqual([30, 1]);
  });

  test('calls what a callback asks for, if it is due in time', () => {
    const clock = createFakeClock({ now: 0 });
    const calls: number[] = [];
    const again = (): void => {
      calls.push(clock.now());
      clock.after(10, again);
    };
    clock.after(10, again);
    clock.advance(35);

    expect(calls).toEqual([10, 20, 30]);
  });

  test('does not call what was taken back', () => {
    const clock = createFakeClock();
    const calls: string[] = [];
    const takeBack = clock.after(10, () => calls.push('a'));
    clock.after(5, takeBack);
    clock.advance(20);

    expect(calls).toEqual([]);
  });

  test('does not call at once, even without a delay', () => {
    const clock = createFakeClock();
    const calls: string[] = [];
    clock.after(-5, () => calls.push('a'));
    expect(calls).toEqual([]);

    clock.advance(0);
    expect(calls).toEqual(['a']);
  });

  test.each([-1, Number.NaN])('refuses to advance by %d', (ms) => {
    expect(() => createFakeClock().advance(ms)).toThrow(RangeError);
  });

  test('gives the same random bytes for the same seed', () => {
    const bytes = (seed: number) => [...createFakeClock({ seed }).randomBytes(32)];

    expect(bytes(7)).toEqual(bytes(7));
    expect(bytes(7)).not.toEqual(bytes(8));
  });
});
