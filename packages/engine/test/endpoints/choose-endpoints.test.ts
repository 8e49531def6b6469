import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { drawBeta } from '../../src/domain/endpoints/beta.ts';
import type { EndpointLoad } from '../../src/domain/endpoints/call.ts';
import { chooseEndpoints, tellChoice } from '../../src/domain/endpoints/choose-endpoints.ts';
import type { ChoiceRequest, EndpointCandidate } from '../../src/domain/endpoints/choice-request.ts';
import type { ChoiceOptions } from '../../src/domain/endpoints/choose-endpoints.ts';

type Mesh = Record<string, Partial<EndpointCandidate> & Partial<EndpointLoad> & { usd?: number | null }>;

const NOBODY: EndpointLoad = {
  running: 0,
  latencyMs: null,
  circuit: 'closed',
  freeAt: null,
  room: 9,
  succeeded: 0,
  failed: 0,
};

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function choose(mesh: Mesh, asked: Partial<ChoiceRequest> = {}, options: Partial<ChoiceOptions> = {}) {
  const entries = Object.entries(mesh);
  const candidates = entries.map(([name, one]): EndpointCandidate => {
    const { model = null, tags = [], specialties = [], isDraining = false, isHealthy = null } = one;
    return { name, model, tags, specialties, isDraining, isHealthy };
  });
  const request: ChoiceRequest = {
    tags: [],
    specialty: null,
    model: null,
    pin: null,
    prefer: [],
    session: null,
    tried: [],
    costOf: (name) => mesh[name]?.usd ?? null,
    ...asked,
  };
  return chooseEndpoints(
    request,
    candidates,
    entries.map(([, one]) => ({ ...NOBODY, ...one })),
    { strategy: 'score', isEmergency: false, random: mulberry(1), ...options },
  );
}

describe('the choice of an endpoint', () => {
  test('leaves out what cannot take the call, and says why of each', () => {
    const mesh: Mesh = {
      other: { tags: ['y'] },
      drained: { tags: ['x'], isDraining: true },
      ill: { tags: ['x'], isHealthy: false },
      broken: { tags: ['x'], circuit: 'open', freeAt: 500, room: 0 },
      trying: { tags: ['x'], circuit: 'half_open', room: 0 },
      limited: { tags: ['x'], freeAt: 400, room: 0 },
      full: { tags: ['x'], room: 0 },
      well: { tags: ['w', 'x'] },
    };
    const { order, why, leftOut } = choose(mesh, { tags: ['x', 'z'] });

    expect(order).toEqual(['well']);
    expect(why).toBe('only');
    expect(leftOut).toEqual([
      { name: 'other', reason: 'tags' },
      { name: 'drained', reason: 'draining' },
      { name: 'ill', reason: 'unhealthy' },
      { name: 'broken', reason: 'circuit_open', freeAt: 500 },
      { name: 'trying', reason: 'circuit_open' },
      { name: 'limited', reason: 'rate_limited', freeAt: 400 },
      { name: 'full', reason: 'full' },
    ]);
    delete mesh['well'];
    expect(choose(mesh, { tags: ['x'] })).toMatchObject({ order: [], why: null, canWait: true, freeAt: 400 });
    expect(choose(mesh, { tags: ['q'] })).toMatchObject({ order: [], canWait: false, freeAt: null });
  });

  test('takes the less loaded of two: 1 of 3 before 2 of 3', () => {
    expect(choose({ a: { running: 2, room: 1 }, b: { running: 1, room: 2 } }).order).toEqual(['b', 'a']);
  });

  test('gives a specialist 1000 points, takes one for each ms (100 where none is known), 50 for each call, and 100 for a cent', () => {
    const { considered, order } = choose(
      {
        a: { latencyMs: 700, running: 3, specialties: ['code'], usd: 0.02 },
        b: { usd: 0 },
        c: { latencyMs: 40, running: 2 },
      },
      { specialty: 'code' },
    );

    expect(considered.map(({ name, score }) => [name, score])).toEqual([
      ['a', -50],
      ['b', -100],
      ['c', -140],
    ]);
    expect(order[0]).toBe('a');
  });

  test('falls back to the cheapest: it comes next, whatever its score', () => {
    const mesh: Mesh = {
      best: { latencyMs: 1, usd: 0.01 },
      good: { latencyMs: 2, usd: 0.03 },
      cheap: { latencyMs: 900, usd: 0 },
      dark: {},
    };
    expect(choose(mesh)).toMatchObject({
      order: ['dark', 'cheap', 'best', 'good'],
      cheapest: 'cheap',
    });
  });

  test('forces the cheapest in an emergency, over preferences and conversations, but over no pin', () => {
    const mesh: Mesh = { a: { latencyMs: 1, usd: 0.5 }, b: { latencyMs: 9000, usd: 0.1 } };
    const emergency = { isEmergency: true };
    expect(choose(mesh, {}, emergency)).toMatchObject({ order: ['b', 'a'], why: 'emergency' });
    expect(choose(mesh, { prefer: ['a'] }, emergency).order[0]).toBe('b');
    expect(choose(mesh, { session: { name: 'a', holdsIt: false } }, emergency).order[0]).toBe('b');
    expect(choose(mesh, { session: { name: 'a', holdsIt: true } }, emergency).order[0]).toBe('a');
    expect(choose(mesh, { pin: 'a' }, emergency)).toMatchObject({ order: ['a'], why: 'pin' });
  });

  test('follows a pin whatever its tags, and says so if it cannot be used', () => {
    expect(choose({ a: { tags: ['x'] }, b: {} }, { pin: 'a', tags: ['y'] })).toMatchObject({
      order: ['a'],
      why: 'pin',
    });
    expect(choose({ a: { room: 0 }, b: {} }, { pin: 'a' })).toMatchObject({ order: [], canWait: true });
    expect(choose({ b: {} }, { pin: 'a' })).toMatchObject({ order: [], canWait: false });
  });

  test('prefers the first of those that are preferred and can be used', () => {
    const mesh: Mesh = { a: { room: 0 }, b: { latencyMs: 800 }, c: {} };
    expect(choose(mesh, { prefer: ['nobody', 'a', 'b'] })).toMatchObject({ order: ['b', 'c'], why: 'prefer' });
  });

  test('stays with the endpoint of a conversation as long as that can be used', () => {
    const mesh: Mesh = { a: { latencyMs: 5000, running: 8 }, b: {} };
    const session = { name: 'a', holdsIt: false };
    expect(choose(mesh, { session })).toMatchObject({ order: ['a', 'b'], why: 'session' });
    expect(choose({ ...mesh, a: { isDraining: true } }, { session }).order[0]).toBe('a');
    expect(choose({ ...mesh, a: { room: 0 } }, { session })).toMatchObject({ order: ['b'], why: 'only' });
    expect(choose(mesh, { session, tried: ['a'] }).order).toEqual(['b', 'a']);
  });

  test('waits for an endpoint that holds the conversation while it has no room, and leaves one that is broken', () => {
    const session = { name: 'a', holdsIt: true };
    expect(choose({ a: { room: 0 }, b: {} }, { session })).toMatchObject({ order: [], canWait: true, freeAt: null });
    expect(choose({ a: { room: 0, freeAt: 9 }, b: {} }, { session })).toMatchObject({ order: [], freeAt: 9 });
    expect(choose({ a: { circuit: 'open', room: 0 }, b: {} }, { session }).order).toEqual(['b']);
    expect(choose({ b: {} }, { session }).order).toEqual(['b']);
  });

  test('goes first to where this task has not failed yet', () => {
    const mesh: Mesh = { a: { latencyMs: 1 }, b: { latencyMs: 900 }, c: { latencyMs: 500 } };
    expect(choose(mesh, { tried: ['a'] }).order).toEqual(['c', 'b', 'a']);
    expect(choose(mesh, { tried: ['a', 'c'] })).toMatchObject({ order: ['b', 'a', 'c'], why: 'untried' });
    expect(choose(mesh, { tried: ['a', 'b', 'c'] }).order[0]).toBe('a');
  });

  test('takes only those with the model that is asked for', () => {
    expect(choose({ a: { model: 'm1' }, b: { model: 'm2' }, c: {} }, { model: 'm2' }).order).toEqual(['b']);
  });

  test('by Thompson sampling goes mostly to what succeeds, and now and then to what is not known yet', () => {
    const random = mulberry(7);
    const mesh: Mesh = { good: { succeeded: 90, failed: 10 }, bad: { succeeded: 10, failed: 90 }, fresh: {} };
    const counts = new Map<string, number>();
    for (let n = 0; n < 400; n += 1) {
      const [first = ''] = choose(mesh, {}, { strategy: 'thompson', random }).order;
      counts.set(first, (counts.get(first) ?? 0) + 1);
    }

    expect(counts.get('good')).toBeGreaterThan(300);
    expect(counts.get('fresh')).toBeGreaterThan(10);
    expect(counts.get('bad') ?? 0).toBeLessThan(5);
  });

  test('draws from Beta: the mean is alpha of the sum, and a draw is a part', () => {
    const random = mulberry(3);
    for (const [alpha, beta] of [
      [1, 1],
      [3, 1],
      [2, 8],
      [400, 100],
    ] as const) {
      const draws = Array.from({ length: 2000 }, () => drawBeta(alpha, beta, random));
      expect(draws.every((draw) => draw >= 0 && draw <= 1)).toBe(true);
      expect(draws.reduce((sum, draw) => sum + draw, 0) / draws.length).toBeCloseTo(alpha / (alpha + beta), 1);
    }
  });

  test('is told in few words, also of many endpoints, with the one that took it in the end', () => {
    const mesh: Mesh = Object.fromEntries(
      Array.from({ length: 60 }, (_, n) => [`e${n}`, n < 30 ? {} : { isDraining: true }]),
    );
    const choice = choose(mesh);
    const told = tellChoice(choice, 'e5');

    expect(told).toMatchObject({ endpoint: 'e5', why: 'fallback', moreConsidered: 10, moreLeftOut: 10 });
    expect(tellChoice(choice, choice.order[0] ?? '')).toMatchObject({ why: 'score' });
    expect(JSON.stringify(told).length).toBeLessThan(4000);
  });

  test('puts each endpoint that can take the call into the order once, and each other among those left out', () => {
    const one = fc.record({
      tags: fc.subarray(['x', 'y']),
      isDraining: fc.boolean(),
      circuit: fc.constantFrom('closed' as const, 'open' as const, 'half_open' as const),
      room: fc.nat(2),
      latencyMs: fc.option(fc.nat(2000)),
      running: fc.nat(5),
      usd: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    });
    const story = fc.record({
      mesh: fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd', 'e'), one),
      asked: fc.record({
        tags: fc.subarray(['x', 'z']),
        tried: fc.subarray(['a', 'b']),
        prefer: fc.subarray(['b', 'c']),
      }),
      options: fc.record({
        strategy: fc.constantFrom('score' as const, 'thompson' as const, 'cheapest' as const),
        isEmergency: fc.boolean(),
      }),
    });
    fc.assert(
      fc.property(story, ({ mesh, asked, options }) => {
        const { order, leftOut, considered, why } = choose(mesh, asked, options);
        expect([...order, ...leftOut.map(({ name }) => name)].toSorted()).toEqual(Object.keys(mesh).toSorted());
        expect(considered.map(({ name }) => name).toSorted()).toEqual(order.toSorted());
        expect(why === null).toBe(order.length === 0);
      }),
      { numRuns: 200 },
    );
  });
});
