import { expect, test } from 'vitest';

import { Effects } from './effects.ts';
import { Invariants } from './invariants.ts';
import type { Services } from './services.ts';
import { World } from './world.ts';

type Attempt = { id: string; attempt: number };

/** What is said of a task that has ended with `a` as `ended`, after it was begun as `before`, where `a` was given to `given`. */
function violations({ before, ended, given }: { before: Attempt[]; ended: Attempt; given: Attempt }): string[] {
  const world = new World(1, []);
  const row = { key: 'n#0', lane: 'default', detail: null };
  const tasks = [
    ...before.map((one) => ({ ...row, ...one, status: 'cancelled' })),
    { ...row, ...ended, status: 'succeeded', output: 'a' },
  ];
  const runs = new Map([['run', { id: 'run', rows: { tasks }, forkedFrom: null }]]);
  const effects = new Effects(() => true);
  const { id: taskId, attempt } = given;
  effects.all.push({ taskId, attempt, by: 'w', outcome: { kind: 'succeeded', output: 'a' } });
  new Invariants(world, { stores: { runs } } as unknown as Services).checkEffects(effects);
  return world.violations;
}

test('a success is of the attempt that was run', () => {
  const ended = { id: 'new', attempt: 2 };

  expect(violations({ before: [], ended, given: ended })).toEqual([]);
  expect(violations({ before: [], ended, given: { id: 'new', attempt: 1 } })).toEqual([
    'n#0 of run (new/2) succeeded with "a", which no executor gave',
  ]);
});

test('what waited for an answer when its run was replayed was given to an attempt before', () => {
  const before = [{ id: 'old', attempt: 2 }];
  const ended = { id: 'new', attempt: 1 };

  expect(violations({ before, ended, given: { id: 'old', attempt: 2 } })).toEqual([]);
  expect(violations({ before, ended, given: { id: 'old', attempt: 3 } })).toHaveLength(1);
});
