import { setImmediate as turn } from 'node:timers/promises';

import { createFakeClock, createMemoryResultCache } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import type { Outcome, ResultCache } from '../../src/ports/index.ts';
import { SharedResults } from '../../src/runtime/worker/shared-results.ts';
import type { SharedTask } from '../../src/runtime/worker/shared-results.ts';

const LEASE_MS = 15_000;
const HOUR_MS = 3_600_000;
const FAILURE: Outcome = { kind: 'failed', error: { code: 'boom', message: 'it broke', retryable: true } };

/** Workers that share one cache, and tasks whose executors end when the test says so. */
function scene() {
  const clock = createFakeClock();
  const results = createMemoryResultCache(clock);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const begun: ((outcome: Outcome | null) => void)[] = [];
  return {
    clock,
    results,
    /** The executors that run or have run, in order; calling one ends it. */
    begun,
    worker: (cache: ResultCache = results) => new SharedResults({ results: cache, leaseMs: LEASE_MS, clock, log }),
    task: (parts: Partial<SharedTask> = {}): SharedTask => ({
      tenant: 'acme',
      key: 'k',
      ttlMs: HOUR_MS,
      signal: new AbortController().signal,
      async run() {
        const { promise, resolve } = Promise.withResolvers<Outcome | null>();
        begun.push(resolve);
        return promise;
      },
      ...parts,
    }),
    /** Lets time pass, and what falls due in it happen. */
    pass: async (ms: number) => {
      for (let left = ms; left > 0; left -= 100) {
        clock.advance(Math.min(100, left));
        await settled();
      }
    },
  };
}

async function settled(): Promise<void> {
  for (let n = 0; n < 5; n++) await turn();
}

const success = (output: string): Outcome => ({ kind: 'succeeded', output });
const hit = (output: string): Outcome => ({ kind: 'succeeded', output, cached: true });

describe('equal tasks of one worker', () => {
  test('share one execution, and all but the one that ran say so', async () => {
    const { worker, task, begun } = scene();
    const shared = worker();
    const taken = Array.from({ length: 50 }, () => shared.take(task()));
    await settled();
    expect(begun).toHaveLength(1);
    begun[0]?.(success('x'));

    const [first, ...others] = await Promise.all(taken);
    expect(first).toEqual(success('x'));
    expect(others).toEqual(others.map(() => hit('x')));
    expect(shared.counters).toEqual({ hits: 0, shared: 49, misses: 1 });
  });

  test('take the result that was stored before', async () => {
    const { worker, task, begun } = scene();
    const shared = worker();
    const first = shared.take(task());
    await settled();
    begun[0]?.({
      kind: 'succeeded',
      output: 1,
      stateUpdates: { n: 2 },
      usage: { inputTokens: 1, outputTokens: 1, usd: 1 },
    });
    await first;

    expect(await shared.take(task())).toEqual({ kind: 'succeeded', output: 1, stateUpdates: { n: 2 }, cached: true });
    expect(shared.counters).toEqual({ hits: 1, shared: 0, misses: 1 });
  });

  test.each([
    ['fails', FAILURE],
    ['is stopped', null],
  ])('go on with the next one at once when the one that runs %s', async (_, outcome) => {
    const { worker, task, begun } = scene();
    const shared = worker();
    const taken = Array.from({ length: 3 }, () => shared.take(task()));
    await settled();
    begun[0]?.(outcome);
    await settled();
    expect(begun).toHaveLength(2);
    begun[1]?.(success('second'));

    expect(await Promise.all(taken)).toEqual([outcome, success('second'), hit('second')]);
  });

  test('do not wait any more once they are stopped', async () => {
    const { worker, task, begun } = scene();
    const shared = worker();
    const stop = new AbortController();
    const first = shared.take(task());
    const second = shared.take(task({ signal: stop.signal }));
    await settled();
    stop.abort('timeout');

    expect(await second).toBe('aborted');
    begun[0]?.(success('x'));
    expect(await first).toEqual(success('x'));
  });

  test.each([
    ['key', { key: 'other' }],
    ['tenant', { tenant: 'globex' }],
  ])('share nothing with tasks of another %s', async (_, parts) => {
    const { worker, task, begun } = scene();
    const shared = worker();
    const taken = [shared.take(task()), shared.take(task(parts))];
    await settled();
    begun[0]?.(success('x'));
    begun[1]?.(success('y'));

    expect(await Promise.all(taken)).toEqual([success('x'), success('y')]);
  });
});

describe('equal tasks of several workers', () => {
  test('share one execution, however short its time to live', async () => {
    const { worker, task, begun, pass } = scene();
    const workers = [worker(), worker(), worker()];
    const taken = workers.flatMap((shared) => [1, 2, 3].map(() => shared.take(task({ ttlMs: 1 }))));
    await settled();
    expect(begun).toHaveLength(1);
    begun[0]?.(success('x'));
    await pass(1000);

    expect(await Promise.all(taken)).toEqual([success('x'), ...Array.from({ length: 8 }, () => hit('x'))]);
    expect(begun).toHaveLength(1);
  });

  test('wait as long as the one that runs renews its lease, and ask ever less often', async () => {
    const { worker, task, begun, pass, results } = scene();
    let asked = 0;
    const counting: ResultCache = {
      ...results,
      claim: async (request) => {
        asked += 1;
        return results.claim(request);
      },
    };
    const first = worker().take(task());
    const second = worker(counting).take(task());
    await pass(4 * LEASE_MS);
    expect(begun).toHaveLength(1);
    expect(asked).toBeGreaterThan(50);
    expect(asked).toBeLessThan(150);
    begun[0]?.(success('x'));
    await pass(1000);

    expect(await Promise.all([first, second])).toEqual([success('x'), hit('x')]);
  });

  test.each([
    ['fails', FAILURE],
    ['is stopped', null],
  ])('go on with another one within a second when the one that runs %s', async (_, outcome) => {
    const { worker, task, begun, pass } = scene();
    const taken = [worker().take(task()), worker().take(task())];
    await settled();
    begun[0]?.(outcome);
    await pass(1000);
    expect(begun).toHaveLength(2);
    begun[1]?.(success('second'));

    expect(await Promise.all(taken)).toEqual([outcome, success('second')]);
  });

  test('go on with another one when the one that runs has died and its lease has passed', async () => {
    const { worker, task, begun, pass, results } = scene();
    await results.claim({ tenant: 'acme', key: 'k', holder: 'dead', ttlMs: 1, leaseMs: LEASE_MS, since: null });
    const taken = worker().take(task());
    await pass(LEASE_MS - 1000);
    expect(begun).toHaveLength(0);
    await pass(2000);
    expect(begun).toHaveLength(1);
    begun[0]?.(success('x'));

    expect(await taken).toEqual(success('x'));
  });

  test('do not wait any more once they are stopped', async () => {
    const { worker, task, pass } = scene();
    const stop = new AbortController();
    void worker().take(task());
    const second = worker().take(task({ signal: stop.signal }));
    await pass(1000);
    stop.abort('revoked');

    expect(await second).toBe('aborted');
  });
});

describe('a stored result', () => {
  test('is not taken after its time to live', async () => {
    const { worker, task, begun, pass } = scene();
    const shared = worker();
    const first = shared.take(task({ ttlMs: 60_000 }));
    await settled();
    begun[0]?.(success('old'));
    await first;
    await pass(60_000);
    const second = shared.take(task({ ttlMs: 60_000 }));
    await settled();
    begun[1]?.(success('new'));

    expect(await second).toEqual(success('new'));
  });

  test('is never a failure', async () => {
    const { worker, task, begun } = scene();
    const shared = worker();
    const first = shared.take(task());
    await settled();
    begun[0]?.(FAILURE);
    expect(await first).toEqual(FAILURE);
    const second = shared.take(task());
    await settled();
    begun[1]?.(success('x'));

    expect(await second).toEqual(success('x'));
  });

  test('is at most 1 MiB; a larger one serves only those who wait for it here', async () => {
    const { worker, task, begun } = scene();
    const shared = worker();
    const large = success('x'.repeat(1024 * 1024));
    const taken = [shared.take(task()), shared.take(task())];
    await settled();
    begun[0]?.(large);
    expect(await Promise.all(taken)).toEqual([large, { ...large, cached: true }]);
    const later = shared.take(task());
    await settled();
    begun[1]?.(success('again'));

    expect(await later).toEqual(success('again'));
  });
});

describe('a cache that cannot be reached', () => {
  const broken = async (): Promise<never> => {
    throw new Error('no cache');
  };
  const silent = (): Promise<never> => Promise.withResolvers<never>().promise;

  test('keeps no task from running', async () => {
    const { worker, task, begun } = scene();
    const shared = worker({ claim: broken, renew: broken, keep: broken, release: broken });
    const taken = [shared.take(task()), shared.take(task())];
    await settled();
    begun[0]?.(success('x'));

    expect(await Promise.all(taken)).toEqual([success('x'), hit('x')]);
  });

  test('keeps no task from running while it is waited for', async () => {
    const { worker, task, begun, results, pass } = scene();
    void worker().take(task());
    await settled();
    let asked = 0;
    const failing: ResultCache = {
      ...results,
      claim: async (request) => ((asked += 1) > 3 ? broken() : results.claim(request)),
    };
    const taken = worker(failing).take(task());
    await pass(1000);
    expect(begun).toHaveLength(2);
    begun[1]?.(success('own'));

    expect(await taken).toEqual(success('own'));
  });

  test('is not waited for without end', async () => {
    const { worker, task, begun, pass } = scene();
    const taken = worker({ claim: silent, renew: silent, keep: silent, release: silent }).take(task());
    await pass(6000);
    begun[0]?.(success('x'));

    expect(await taken).toEqual(success('x'));
  });

  test('keeps no result from its own task', async () => {
    const { worker, task, begun, results, pass } = scene();
    const slow = worker({ ...results, keep: silent }).take(task());
    await settled();
    begun[0]?.(success('x'));
    await pass(6000);
    expect(await slow).toEqual(success('x'));

    const failing = worker({ ...results, keep: broken, release: broken });
    const taken = failing.take(task({ key: 'other' }));
    await settled();
    begun[1]?.(success('y'));
    expect(await taken).toEqual(success('y'));
  });

  test('is given back a lease that comes too late', async () => {
    const { worker, task, results } = scene();
    const stop = new AbortController();
    const late: ResultCache = {
      ...results,
      async claim(request) {
        await turn();
        await turn();
        return results.claim(request);
      },
    };
    const taken = worker(late).take(task({ signal: stop.signal }));
    stop.abort('revoked');
    expect(await taken).toBe('aborted');
    await settled();

    const next = { tenant: 'acme', key: 'k', holder: 'next', ttlMs: 1, leaseMs: LEASE_MS, since: null };
    expect(await results.claim(next)).toEqual({ kind: 'leading' });
  });
});
