import { systemClock } from '@weft/embedded';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

const LONGEST_TIMER_MS = 2_147_483_647;

describe('the system clock', () => {
  test('calls back after at least the time asked for', async () => {
    const startedAt = systemClock.monotonicMs();
    await new Promise<void>((resolve) => void systemClock.after(3.5, resolve));

    expect(systemClock.monotonicMs() - startedAt).toBeGreaterThanOrEqual(3.5);
  });

  test('gives other random bytes each time, as many as asked for', () => {
    const [first, second] = [systemClock.randomBytes(16), systemClock.randomBytes(16)];

    expect([first.length, second.length]).toEqual([16, 16]);
    expect([...first]).not.toEqual([...second]);
  });
});

describe('the system clock, while its timers are held still', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_000, toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  test('tells epoch milliseconds', () => {
    vi.advanceTimersByTime(25);

    expect(systemClock.now()).toBe(1_025);
  });

  test('does not call back what was taken back', () => {
    const callback = vi.fn();
    systemClock.after(10, callback)();
    vi.advanceTimersByTime(20);

    expect(callback).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });

  test('waits longer than one timer can hold, and can be stopped on the way', () => {
    const [callback, stopped] = [vi.fn(), vi.fn()];
    systemClock.after(LONGEST_TIMER_MS + 1_000, callback);
    const stop = systemClock.after(LONGEST_TIMER_MS + 1_000, stopped);
    vi.advanceTimersByTime(LONGEST_TIMER_MS + 999);
    expect(callback).not.toHaveBeenCalled();

    stop();
    vi.advanceTimersByTime(1);
    expect(callback).toHaveBeenCalledOnce();
    expect(stopped).not.toHaveBeenCalled();
  });
});
