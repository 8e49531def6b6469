import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { LoadLaw } from '../../src/domain/load/load-law.ts';
import type { Load } from '../../src/domain/load/load-law.ts';
import { MemoryEstimate } from '../../src/domain/load/memory-estimates.ts';

const MIB = 1024 * 1024;
const LIMIT = 300 * MIB;
const IDLE = 140 * MIB;
const SOFT = 0.8 * LIMIT;

/** A process that takes `each` for every task that runs, and a law that is told of it each 200 ms. */
class Scene {
  readonly law = new LoadLaw();
  readonly loads: Load[] = [];
  nowMs = 0;
  most = 0;
  readonly #each: number;
  readonly #idle: number;

  constructor(each: number, idle = IDLE) {
    this.#each = each;
    this.#idle = idle;
    this.sample();
  }

  get tree(): number {
    return this.#idle + this.loads.length * this.#each;
  }

  sample(): void {
    this.nowMs += 200;
    const bounds = [{ usedBytes: this.tree, limitBytes: LIMIT }];
    this.law.sample({ treeBytes: this.tree, bounds, lagMs: 0, nowMs: this.nowMs });
  }

  /** Starts as many as may be, and then ends the oldest. */
  round(uses: string, wanted = 100): void {
    while (this.loads.length < wanted && this.law.room(this.nowMs) > 0 && this.law.fits(uses, this.nowMs)) {
      this.loads.push(this.law.begin(uses, this.nowMs));
      this.most = Math.max(this.most, this.loads.length);
    }
    this.sample();
    const oldest = this.loads.shift();
    if (oldest) this.law.end(oldest, this.nowMs);
    this.sample();
  }
}

describe('what a worker may start', () => {
  test('is bounded by what tasks of that kind took, so that the soft limit is not passed', () => {
    const scene = new Scene(40 * MIB);
    let most = 0;
    for (let i = 0; i < 200; i++) {
      scene.round('handler:hungry');
      most = Math.max(most, scene.tree);
    }

    expect(scene.most).toBe(2);
    expect(most).toBeLessThanOrEqual(SOFT);
  });

  test('is soon not bounded any more for a kind that takes next to nothing', () => {
    const scene = new Scene(0.1 * MIB);
    for (let i = 0; i < 60; i++) scene.round('handler:modest');

    expect(scene.loads.length).toBeGreaterThan(50);
  });

  test('is at least one, however much its kind takes', () => {
    const { law, nowMs } = new Scene(0);
    const first = law.begin('handler:huge', nowMs);
    law.glance(IDLE + 2000 * MIB);
    law.end(first, nowMs);
    law.glance(IDLE);

    expect(law.room(nowMs)).toBe(1);
    expect(law.fits('handler:huge', nowMs)).toBe(true);
  });

  test('is nothing above the soft limit, until another process cannot take over: then one', () => {
    const scene = new Scene(0, 0.85 * LIMIT);
    for (let i = 0; i < 20; i++) scene.sample();
    expect([scene.law.zone, scene.law.room(scene.nowMs), scene.law.fits('echo', scene.nowMs)]).toEqual([
      'orange',
      0,
      false,
    ]);

    scene.law.limp(true);
    expect([scene.law.room(scene.nowMs), scene.law.fits('echo', scene.nowMs)]).toEqual([1, true]);
  });

  test('grows by one in fifty milliseconds in yellow', () => {
    const scene = new Scene(0, 0.72 * LIMIT);
    scene.law.begin('echo', scene.nowMs);
    scene.sample();

    expect(scene.law.zone).toBe('yellow');
    expect([scene.law.room(scene.nowMs), scene.law.fits('echo', scene.nowMs)]).toEqual([1, true]);
    scene.law.begin('echo', scene.nowMs);
    expect([scene.law.room(scene.nowMs + 49), scene.law.fits('echo', scene.nowMs + 49)]).toEqual([0, false]);
    expect(scene.law.room(scene.nowMs + 50)).toBe(1);
  });

  test('light tasks are not blamed for what heavy ones beside them take', () => {
    const law = new LoadLaw();
    const sample = (tree: number, nowMs: number) =>
      law.sample({ treeBytes: tree, bounds: [{ usedBytes: tree, limitBytes: 4096 * MIB }], lagMs: 0, nowMs });
    sample(IDLE, 0);
    for (let i = 1; i <= 20; i++) {
      const loads = ['process', 'echo', 'echo', 'echo'].map((uses) => law.begin(uses, i * 1000));
      sample(IDLE + 100 * MIB, i * 1000 + 200);
      for (const load of loads) law.end(load, i * 1000 + 300);
      sample(IDLE, i * 1000 + 400);
    }
    const [heavy] = ['process', 'echo'].map((uses) => {
      let count = 0;
      for (; law.fits(uses, 30_000) && count < 1000; count++) law.begin(uses, 30_000);
      return count;
    });

    expect(heavy).toBeGreaterThan(25);
    expect(heavy).toBeLessThan(40);
  });

  test('keeps memory below the limit, whatever tasks take, once it has seen some of them', () => {
    const sizes = fc.integer({ min: 1, max: 90 });
    fc.assert(
      fc.property(sizes, (mib) => {
        const scene = new Scene(mib * MIB);
        for (let i = 0; i < 60; i++) scene.round('handler:any');
        expect(scene.tree).toBeLessThanOrEqual(SOFT);
        expect(scene.loads.length).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 60 },
    );
  });
});

describe('what a kind of task takes', () => {
  test('is assumed until eight have been seen, then learned: the 95th of a hundred', () => {
    const estimate = new MemoryEstimate('process');
    expect(estimate.bytes).toBe(64 * MIB);
    for (let i = 0; i < 64; i++) estimate.learn((i % 20 === 0 ? 30 : 3) * MIB, 0);

    expect(estimate.bytes).toBe(30 * MIB);
  });

  test('fades: what was seen ten minutes ago counts half', () => {
    const estimate = new MemoryEstimate('http');
    for (let i = 0; i < 16; i++) estimate.learn(40 * MIB, 0);
    expect(estimate.bytes).toBe(40 * MIB);
    for (let i = 0; i < 16; i++) estimate.learn(MIB, 600_000);

    expect(estimate.bytes).toBe(20 * MIB);
  });
});
