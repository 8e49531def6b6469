import { hedge } from '../src/executor-parts/hedge.ts';
import { createFakeClock } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

type Answer = { text: string; ok: boolean };
type Call = { signal: AbortSignal; answer: (text: string, ok?: boolean) => void };

/** Two calls that answer when the test says so, or `stopped` when they are told to stop. */
function open({ hasSecond = true } = {}) {
  const clock = createFakeClock();
  const stop = new AbortController();
  const calls: Call[] = [];
  const call = async (signal: AbortSignal): Promise<Answer> => {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    calls.push({ signal, answer: (text, ok = true) => resolve({ text, ok }) });
    signal.addEventListener('abort', () => resolve({ text: 'stopped', ok: false }));
    return promise;
  };
  const second = async (signal: AbortSignal) => (hasSecond ? call(signal) : null);
  const result = hedge<Answer>(
    { first: call, second },
    { afterMs: 100, clock, signal: stop.signal, isGood: ({ ok }) => ok },
  );
  const late = async (count: number): Promise<Call> => {
    clock.advance(100);
    await expect.poll(() => calls.length).toBe(count);
    return calls[count - 1] as Call;
  };
  return { clock, stop, calls, result, late };
}

describe('asking twice', () => {
  test('asks nobody else as long as the first answer comes in time, good or bad', async () => {
    for (const ok of [true, false]) {
      const { calls, clock, result } = open();
      clock.advance(99);
      calls[0]?.answer('in time', ok);
      expect(await result).toEqual({ result: { text: 'in time', ok }, by: 'first', other: null });
      expect(calls).toHaveLength(1);
      expect(clock.pending).toBe(0);
    }
  });

  test('takes the first good answer of two, and tells the other one to stop', async () => {
    const { calls, result, late } = open();
    (await late(2)).answer('second');

    expect(await result).toEqual({
      result: { text: 'second', ok: true },
      by: 'second',
      other: { text: 'stopped', ok: false },
    });
    expect(calls[0]?.signal.aborted).toBe(true);
    const other = open();
    await other.late(2);
    other.calls[0]?.answer('first');
    expect(await other.result).toMatchObject({ by: 'first', other: { text: 'stopped' } });
  });

  test('waits for the other one where the one that comes sooner is no good', async () => {
    const { calls, result, late } = open();
    (await late(2)).answer('refused', false);
    calls[0]?.answer('slow but good');
    expect(await result).toEqual({
      result: { text: 'slow but good', ok: true },
      by: 'first',
      other: { text: 'refused', ok: false },
    });

    const other = open();
    const second = await other.late(2);
    other.calls[0]?.answer('broken', false);
    second.answer('good');
    expect(await other.result).toMatchObject({ by: 'second', other: { text: 'broken' } });
  });

  test('gives what the first one gave where both are no good', async () => {
    const { calls, result, late } = open();
    (await late(2)).answer('bad too', false);
    calls[0]?.answer('bad', false);
    expect(await result).toEqual({
      result: { text: 'bad', ok: false },
      by: 'first',
      other: { text: 'bad too', ok: false },
    });
  });

  test('goes on with the first one where there is nobody else', async () => {
    const { calls, clock, result } = open({ hasSecond: false });
    clock.advance(100);
    calls[0]?.answer('late');
    expect(await result).toEqual({ result: { text: 'late', ok: true }, by: 'first', other: null });
  });

  test('asks nobody else once it is to stop, and stops both of two', async () => {
    const { stop, calls, clock, result } = open();
    stop.abort();
    clock.advance(100);
    expect(await result).toMatchObject({ result: { text: 'stopped' }, other: null });
    expect(calls).toHaveLength(1);

    const both = open();
    await both.late(2);
    both.stop.abort();
    expect(await both.result).toMatchObject({ by: 'first', result: { text: 'stopped' }, other: { text: 'stopped' } });
  });

  test('stops the second where the first one throws by mistake', async () => {
    const clock = createFakeClock();
    const { promise, reject } = Promise.withResolvers<Answer>();
    let seen: AbortSignal | null = null;
    const second = async (signal: AbortSignal) => {
      seen = signal;
      return new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null)));
    };
    const options = { afterMs: 1, clock, signal: new AbortController().signal, isGood: () => true };
    const result = hedge<Answer>({ first: () => promise, second }, options);
    clock.advance(1);
    await expect.poll(() => seen).not.toBeNull();
    reject(new Error('a mistake'));

    await expect(result).rejects.toThrow('a mistake');
    expect(seen).toMatchObject({ aborted: true });
  });
});
