import { createMemoryEndpointMeter } from '@weft/embedded';
import type { CallReport, EndpointMeter, MeteredEndpoint } from '@weft/engine/ports';
import { describe, expect, onTestFinished, test } from 'vitest';

import { createFakeClock } from '../fake-clock.ts';
import type { FakeClock } from '../fake-clock.ts';
import { createSeededRandom } from '../seeded-random.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** A meter to test, empty at first, and another client of the same one; the same object, if there can be one only. */
export type EndpointMeterUnderTest = { meter: EndpointMeter; other: EndpointMeter; dispose?: () => Promise<void> };

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const LEASE = 600_000;

const endpoint = (name: string, more: Partial<MeteredEndpoint> = {}): MeteredEndpoint => {
  return { tenant: 'acme', name, maxConcurrent: 100, limits: {}, credential: `key of ${name}`, ...more };
};
const succeeded: CallReport = { verdict: 'succeeded', latencyMs: 100, tokens: 0 };
const failed: CallReport = { verdict: 'failed', latencyMs: 5, tokens: 0 };

/** What every EndpointMeter promises. Its clock is that of the test. */
export function endpointMeterConformance(
  name: string,
  open: (clock: FakeClock) => EndpointMeterUnderTest | Promise<EndpointMeterUnderTest>,
): void {
  const openOne = async () => {
    const clock = createFakeClock();
    const opened = await open(clock);
    onTestFinished(async () => opened.dispose?.());
    let calls = 0;
    const begin = async (
      of: MeteredEndpoint,
      { tokens = 0, leaseMs = LEASE, isRetry = false, by = opened.meter } = {},
    ) => {
      calls += 1;
      const callId = `call ${calls}`;
      return { callId, grant: await by.begin(of, { callId, tokens, leaseMs, isRetry }) };
    };
    /** Gives why it was refused, or null. */
    const attempt = async (of: MeteredEndpoint, options = {}) => {
      const { grant } = await begin(of, options);
      return grant.kind === 'granted' ? null : grant;
    };
    const call = async (of: MeteredEndpoint, report: CallReport, options = {}) => {
      const { callId, grant } = await begin(of, options);
      if (grant.kind === 'refused') throw new Error(`refused: ${grant.reason}`);
      await opened.meter.end(of, callId, report);
    };
    const load = async (of: MeteredEndpoint) => {
      const [found] = await opened.other.look([of]);
      if (!found) throw new Error('nothing was found');
      return found;
    };
    return { ...opened, clock, begin, attempt, call, load };
  };

  describe(`the endpoint meter ${name}`, () => {
    test('no more calls are under way than there are places, whoever begins them', async () => {
      const { meter, other, begin, attempt, load } = await openOne();
      const two = endpoint('two', { maxConcurrent: 2 });
      const first = await begin(two);
      await begin(two, { by: other });

      expect(await attempt(two)).toMatchObject({ reason: 'full' });
      expect(await load(two)).toMatchObject({ running: 2, room: 0, circuit: 'closed' });
      await other.end(two, first.callId, succeeded);
      expect(await attempt(two)).toBeNull();
      expect(await meter.look([endpoint('one'), two])).toMatchObject([{ running: 0 }, { running: 2 }]);
    });

    test('of many that begin at once, exactly as many as there are places are let through', async () => {
      const { meter, other, load } = await openOne();
      const five = endpoint('five', { maxConcurrent: 5, limits: { requestsPerMinute: 1000 } });
      const grants = await Promise.all(
        Array.from({ length: 60 }, async (_, n) => {
          return (n % 2 === 0 ? meter : other).begin(five, { callId: `${n}`, tokens: 0, leaseMs: LEASE });
        }),
      );

      expect(grants.filter(({ kind }) => kind === 'granted')).toHaveLength(5);
      expect(await load(five)).toMatchObject({ running: 5, room: 0 });
    });

    test('a call that is begun twice takes one place', async () => {
      const { meter, load } = await openOne();
      const one = endpoint('one', { maxConcurrent: 1 });
      const same = { callId: 'same', tokens: 0, leaseMs: LEASE };

      expect([await meter.begin(one, same), await meter.begin(one, same)]).toMatchObject([
        { kind: 'granted' },
        { kind: 'granted' },
      ]);
      expect(await load(one)).toMatchObject({ running: 1 });
    });

    test('the place of a call whose worker has died comes back when its lease is over, and not before', async () => {
      const { meter, clock, begin, attempt } = await openOne();
      const one = endpoint('one', { maxConcurrent: 1 });
      const { callId } = await begin(one, { leaseMs: 10 * SECOND });
      clock.advance(9 * SECOND);
      await meter.renew(one, callId, 10 * SECOND);
      clock.advance(9 * SECOND);

      expect(await attempt(one)).toMatchObject({ reason: 'full' });
      clock.advance(1 * SECOND);
      expect(await attempt(one)).toBeNull();
    });

    test('who has lost the lease gets it back by no renewal, and the end of such a call takes no place from others', async () => {
      const { meter, clock, begin, load } = await openOne();
      const one = endpoint('one', { maxConcurrent: 1 });
      const lost = await begin(one, { leaseMs: SECOND });
      clock.advance(2 * SECOND);
      await meter.renew(one, lost.callId, LEASE);
      expect(await load(one)).toMatchObject({ running: 0 });
      await begin(one);
      await meter.end(one, lost.callId, failed);

      expect(await load(one)).toMatchObject({ running: 1, failed: 0 });
    });

    test('four failures and a success open nothing, five failures in a row do, for 60 s', async () => {
      const { clock, attempt, call, load } = await openOne();
      const one = endpoint('one');
      for (let n = 0; n < 4; n += 1) await call(one, failed);
      await call(one, succeeded);
      for (let n = 0; n < 4; n += 1) await call(one, failed);
      expect(await load(one)).toMatchObject({ circuit: 'closed' });
      await call(one, failed);

      expect(await load(one)).toMatchObject({ circuit: 'open', room: 0, freeAt: clock.now() + MINUTE });
      clock.advance(59 * SECOND);
      expect(await attempt(one)).toEqual({ kind: 'refused', reason: 'circuit_open', waitMs: SECOND });
      clock.advance(SECOND);
      expect(await load(one)).toMatchObject({ circuit: 'half_open', room: 3, freeAt: null });
    });

    test('after 60 s a trial decides: a success closes the circuit, a failure opens it again', async () => {
      for (const [report, circuit] of [[succeeded, 'closed'] as const, [failed, 'open'] as const]) {
        const { clock, call, load } = await openOne();
        const one = endpoint('one');
        for (let n = 0; n < 5; n += 1) await call(one, failed);
        clock.advance(MINUTE);
        await call(one, report);
        expect(await load(one)).toMatchObject({ circuit });
      }
    });

    test('no more than three trials are under way, and if all are lost the circuit opens again', async () => {
      const { clock, begin, attempt, call, load } = await openOne();
      const one = endpoint('one');
      for (let n = 0; n < 5; n += 1) await call(one, failed);
      clock.advance(MINUTE);
      for (let n = 0; n < 3; n += 1) await begin(one, { leaseMs: SECOND });

      expect(await attempt(one)).toMatchObject({ reason: 'circuit_open' });
      clock.advance(2 * SECOND);
      expect(await load(one)).toMatchObject({ circuit: 'open', freeAt: clock.now() + MINUTE });
    });

    test('a trial that came to nothing is given back', async () => {
      const { clock, attempt, call, load } = await openOne();
      const one = endpoint('one');
      for (let n = 0; n < 5; n += 1) await call(one, failed);
      clock.advance(MINUTE);
      for (let n = 0; n < 5; n += 1) await call(one, { ...failed, verdict: 'neutral' });

      expect(await load(one)).toMatchObject({ circuit: 'half_open', room: 3 });
      expect(await attempt(one)).toBeNull();
    });

    test('what began before the circuit opened says nothing about the trials', async () => {
      const { meter, clock, begin, call, load } = await openOne();
      const one = endpoint('one');
      const [late, later] = [await begin(one), await begin(one)];
      for (let n = 0; n < 5; n += 1) await call(one, failed);
      await meter.end(one, late.callId, succeeded);
      expect(await load(one)).toMatchObject({ circuit: 'open' });
      clock.advance(MINUTE);
      await meter.end(one, later.callId, failed);
      expect(await load(one)).toMatchObject({ circuit: 'half_open' });
    });

    test('of 100 calls 8 failures leave it closed, 14 make it careful, 15 open it', async () => {
      const { begin, attempt, call, load } = await openOne();
      const one = endpoint('one');
      for (let n = 0; n < 100; n += 1) await call(one, n % 12 === 11 ? failed : succeeded);
      expect(await load(one)).toMatchObject({ circuit: 'closed', room: 100 });

      const two = endpoint('two');
      for (let n = 0; n < 98; n += 1) await call(two, n % 7 === 6 && n < 97 ? failed : succeeded);
      await call(two, failed);
      expect(await load(two)).toMatchObject({ circuit: 'half_open', room: 3 });
      const trials = [await begin(two), await begin(two), await begin(two)];
      expect(trials.every(({ grant }) => grant.kind === 'granted')).toBe(true);
      expect(await attempt(two)).toMatchObject({ reason: 'circuit_open' });

      const three = endpoint('three');
      for (let n = 0; n < 98; n += 1) await call(three, n % 7 === 6 && n < 97 ? failed : succeeded);
      for (let n = 0; n < 2; n += 1) await call(three, failed);
      expect(await load(three)).toMatchObject({ circuit: 'open' });
    });

    test('by hand a circuit is opened until it is closed by hand', async () => {
      const { meter, clock, attempt, load } = await openOne();
      const one = endpoint('one');
      await meter.setCircuit(one, 'open');
      clock.advance(24 * 60 * MINUTE);

      expect(await load(one)).toMatchObject({ circuit: 'open', freeAt: null, room: 0 });
      expect(await attempt(one)).toMatchObject({ reason: 'circuit_open' });
      await meter.setCircuit(one, 'closed');
      expect(await attempt(one)).toBeNull();
    });

    test('a provider that refuses everything is left alone for 5, 10, 20 and 20 minutes, for all its endpoints', async () => {
      const { clock, attempt, call, load } = await openOne();
      const [one, two] = [endpoint('one', { credential: 'key' }), endpoint('two', { credential: 'key' })];
      for (const minutes of [5, 10, 20, 20]) {
        await call(one, { ...failed, isProviderWide: true });
        expect(await load(two)).toMatchObject({ circuit: 'open', freeAt: clock.now() + minutes * MINUTE });
        clock.advance(minutes * MINUTE - 1);
        expect(await attempt(two)).toEqual({ kind: 'refused', reason: 'circuit_open', waitMs: 1 });
        clock.advance(1);
      }
      await call(one, succeeded);
      await call(one, { ...failed, isProviderWide: true });
      expect(await load(two)).toMatchObject({ freeAt: clock.now() + 5 * MINUTE });
    });

    test('A1: in no minute more requests begin than the credential allows, over all its endpoints', async () => {
      const { clock, attempt, load } = await openOne();
      const limits = { requestsPerMinute: 3 };
      const [one, two] = [
        endpoint('one', { credential: 'key', limits }),
        endpoint('two', { credential: 'key', limits }),
      ];
      const refusals = [];
      for (let n = 0; n < 5; n += 1) refusals.push(await attempt(n % 2 === 0 ? one : two));

      expect(refusals.map((refusal) => refusal?.reason ?? null)).toEqual([
        null,
        null,
        null,
        'rate_limited',
        'rate_limited',
      ]);
      expect(await attempt(endpoint('other', { limits }))).toBeNull();
      expect(await attempt({ ...one, tenant: 'globex' })).toBeNull();
      const { freeAt, room } = await load(two);
      expect(room).toBe(0);
      clock.advance((freeAt ?? 0) - clock.now());
      expect(await load(two)).toMatchObject({ room: 3, freeAt: null });
    });

    test('tokens are taken as they may be needed, and what was not needed is given back', async () => {
      const { meter, begin, attempt, load } = await openOne();
      const one = endpoint('one', { limits: { tokensPerMinute: 1000 } });
      const { callId } = await begin(one, { tokens: 800 });

      expect(await attempt(one, { tokens: 300 })).toMatchObject({ reason: 'rate_limited' });
      await meter.end(one, callId, { ...succeeded, tokens: 200 });
      expect(await load(one)).toMatchObject({ room: 1 });
      expect(await attempt(one, { tokens: 700 })).toBeNull();
      expect(await attempt(one, { tokens: 200 })).toMatchObject({ reason: 'rate_limited' });
    });

    test('a call that may need more tokens than a minute has begins when none are taken', async () => {
      const { clock, attempt } = await openOne();
      const one = endpoint('one', { limits: { tokensPerMinute: 1000 } });
      expect(await attempt(one, { tokens: 5000 })).toBeNull();
      expect(await attempt(one, { tokens: 1 })).toMatchObject({ reason: 'rate_limited' });
      clock.advance(MINUTE + SECOND);
      expect(await attempt(one, { tokens: 5000 })).toBeNull();
    });

    test('what a provider says is obeyed: how long it wants to be left alone, and how many requests are left', async () => {
      const { clock, attempt, call, load } = await openOne();
      const one = endpoint('one');
      await call(one, { ...failed, verdict: 'neutral', retryAfterMs: 7000 });
      expect(await attempt(one)).toEqual({ kind: 'refused', reason: 'rate_limited', waitMs: 7000 });
      expect(await load(one)).toMatchObject({ room: 0, freeAt: clock.now() + 7000, circuit: 'closed' });
      clock.advance(7000);
      await call(one, { ...succeeded, rateLimit: { remaining: 2, limit: 10, resetMs: 30_000 } });

      expect(await load(one)).toMatchObject({ room: 2 });
      expect([await attempt(one), await attempt(one)]).toEqual([null, null]);
      expect(await attempt(one)).toEqual({ kind: 'refused', reason: 'rate_limited', waitMs: 30_000 });
      clock.advance(30_000);
      expect(await attempt(one)).toBeNull();
    });

    test('latency is smoothed over what has succeeded, and counts of answers fade by a twentieth an hour', async () => {
      const { clock, call, load } = await openOne();
      const one = endpoint('one');
      expect(await load(one)).toMatchObject({ latencyMs: null, succeeded: 0, failed: 0 });
      await call(one, { ...succeeded, latencyMs: 200 });
      await call(one, { ...succeeded, latencyMs: 400 });
      await call(one, { ...failed, latencyMs: 1 });
      await call(one, { ...failed, verdict: 'neutral', latencyMs: 1 });
      const now = await load(one);
      clock.advance(60 * MINUTE);
      const later = await load(one);

      expect(now.latencyMs).toBeCloseTo(260, 6);
      expect([now.succeeded, now.failed]).toEqual([2, 1]);
      expect(later.succeeded).toBeCloseTo(1.9, 6);
      expect(later.failed).toBeCloseTo(0.95, 6);
    });

    test('repeats are no more than 100 at once, 10 a second and a fifth of the successes; others go past them', async () => {
      const { clock, attempt, call } = await openOne();
      const one = endpoint('one', { maxConcurrent: 1000 });
      const repeats = async (most: number): Promise<number> => {
        for (let n = 0; n < most; n += 1) if (await attempt(one, { isRetry: true })) return n;
        return most;
      };

      expect(await repeats(150)).toBe(100);
      expect(await attempt(one, { isRetry: true })).toEqual({ kind: 'refused', reason: 'retry_budget', waitMs: 100 });
      expect(await attempt(one)).toBeNull();
      clock.advance(SECOND);
      expect(await repeats(50)).toBe(10);
      for (let n = 0; n < 15; n += 1) await call(one, succeeded);
      expect(await repeats(50)).toBe(3);
    });

    test('does in every random story what the model does', async () => {
      for (const seed of [1, 2, 3]) {
        const { meter, other, clock } = await openOne();
        const model = createMemoryEndpointMeter({ clock });
        const random = createSeededRandom(seed);
        for (let n = 0; n < 150; n += 1) {
          const seen = await randomStep({ random, clock, n }, [random.chance(0.5) ? meter : other, model]);
          expect({ seed, n, seen: seen[0] }).toEqual({ seed, n, seen: seen[1] });
        }
      }
    });
  });
}

const STORY = [
  endpoint('a', { maxConcurrent: 3, credential: 'key', limits: { requestsPerMinute: 20, tokensPerMinute: 5000 } }),
  endpoint('b', { maxConcurrent: 5, credential: 'key', limits: { requestsPerMinute: 30 } }),
  endpoint('c', { maxConcurrent: 8 }),
];

/** The same step on each; gives what each of them said, and how all endpoints are then. */
async function randomStep(
  { random, clock, n }: { random: SeededRandom; clock: FakeClock; n: number },
  meters: readonly EndpointMeter[],
): Promise<unknown[]> {
  const of = random.pick(STORY);
  const callId = `${random.below(2) === 0 ? n : n - 1 - random.below(12)}`;
  const begun = {
    callId,
    tokens: random.below(4) * 400,
    leaseMs: 2000 + random.below(20_000),
    isRetry: random.chance(0.3),
  };
  const report: CallReport = {
    verdict: random.pick(['succeeded', 'failed', 'failed', 'neutral']),
    latencyMs: random.below(1000),
    tokens: random.below(1500),
    ...(random.chance(0.05) && { retryAfterMs: random.below(5000) }),
    ...(random.chance(0.1) && { rateLimit: { remaining: random.below(5), resetMs: random.below(9000) } }),
    ...(random.chance(0.02) && { isProviderWide: true }),
  };
  const circuit = random.chance(0.3) ? 'open' : 'closed';
  const kind = random.below(20);
  clock.advance(random.pick([0, 1, 130, 2000, random.below(15_000), kind === 19 ? 200_000 : 0]));
  return Promise.all(
    meters.map(async (meter) => {
      let said: unknown = null;
      if (kind < 11) said = await meter.begin(of, begun);
      else if (kind < 17) await meter.end(of, callId, report);
      else if (kind === 17) await meter.renew(of, callId, begun.leaseMs);
      else if (kind === 18) await meter.setCircuit(of, circuit);
      return { said, loads: (await meter.look(STORY)).map(rounded) };
    }),
  );
}

function rounded(load: Awaited<ReturnType<EndpointMeter['look']>>[number]): object {
  const { latencyMs, succeeded: well, failed: badly, ...rest } = load;
  const round = (value: number): number => Math.round(value * 1000) / 1000;
  return { ...rest, latencyMs: latencyMs === null ? null : round(latencyMs), well: round(well), badly: round(badly) };
}
