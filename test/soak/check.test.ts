import { describe, expect, test } from 'vitest';

import { CATALOGUE } from './catalogue.ts';
import { check } from './check.ts';
import type { Judged, ViolationKind } from './check.ts';
import { programOf } from './program.ts';
import { storms } from './schedule.ts';

const RUN = 'run-1';

/** One run of two tasks, the second of which was given what the first one made; every part of it fits. */
function honest(): Judged {
  const call = { from: 0, to: 1, program: 1, outcome: 'ok' as const };
  const effect = { attempt: 1, pid: 7 };
  return {
    history: {
      calls: [{ ...call, what: 'start', key: 'k', runId: RUN }],
      followed: [{ runId: RUN, by: 'sse', steps: [1, 2, 3, 4], end: { step: 4, status: 'succeeded' } }],
      promised: [{ runId: RUN, program: 1, kind: 'graph', expect: { ends: ['succeeded'], total: 2 } }],
    },
    runs: [
      {
        id: RUN,
        status: 'succeeded',
        key: 'k',
        error: null,
        total: 2,
        calls: ['c1', 'c2'],
        steps: 4,
        firstStep: 1,
        lastStep: 4,
        headStep: 4,
        forkedStep: null,
        isForked: false,
      },
    ],
    tasks: [
      {
        run: RUN,
        id: 't1',
        key: 'a#0',
        status: 'succeeded',
        attempt: 1,
        crashes: 0,
        superseded: false,
        error: null,
        call: 'c1',
      },
      {
        run: RUN,
        id: 't2',
        key: 'b#0',
        status: 'succeeded',
        attempt: 1,
        crashes: 0,
        superseded: false,
        error: null,
        call: 'c2',
      },
    ],
    effects: [
      { ...effect, what: 'began', call: 'c1', taskId: 't1', at: 10, after: [] },
      { ...effect, what: 'done', call: 'c1', taskId: 't1', at: 20, after: [] },
      { ...effect, what: 'began', call: 'c2', taskId: 't2', at: 30, after: ['c1'] },
      { ...effect, what: 'done', call: 'c2', taskId: 't2', at: 40, after: ['c1'] },
    ],
  };
}

type Forgery = (judged: Judged) => Judged;

const run =
  (change: Partial<Judged['runs'][number]>): Forgery =>
  (judged) => ({ ...judged, runs: judged.runs.map((one) => ({ ...one, ...change })) });

const effects =
  (change: (all: Judged['effects']) => Judged['effects']): Forgery =>
  (judged) => ({ ...judged, effects: change(judged.effects) });

const steps =
  (numbers: number[]): Forgery =>
  (judged) => ({
    ...judged,
    history: { ...judged.history, followed: judged.history.followed.map((one) => ({ ...one, steps: numbers })) },
  });

const FORGERIES: readonly [ViolationKind, string, Forgery][] = [
  ['lost', 'a run that was answered and is not there', (judged) => ({ ...judged, runs: [] })],
  ['lost', 'a task that does not count', run({ total: 1, calls: ['c1'] })],
  ['doubled', 'a task that counts twice', run({ total: 3, calls: ['c1', 'c2', 'c2'] })],
  ['doubled', 'an effect that is in the state twice, though the sum is right', run({ calls: ['c1', 'c1'] })],
  [
    'doubled',
    'a second run of one key',
    (judged) => ({ ...judged, runs: [...judged.runs, { ...(judged.runs[0] as Judged['runs'][number]), id: 'run-2' }] }),
  ],
  ['stuck', 'a run that does not end', run({ status: 'running' })],
  ['wrong end', 'a failure that no fault explains', run({ status: 'failed', error: 'outcome_rejected' })],
  ['journal gap', 'a missing step', run({ steps: 3 })],
  ['journal gap', 'a head that is ahead of its journal', run({ headStep: 5 })],
  ['stream gap', 'a step that a stream has left out', steps([1, 2, 4])],
  ['stream gap', 'a step that a stream has brought twice', steps([1, 2, 2, 3, 4])],
  ['stream gap', 'an end before the last step', steps([1, 2, 3])],
  [
    'false commit',
    'a commit of what nobody has done',
    effects((all) => all.filter(({ what, call }) => what !== 'done' || call !== 'c2')),
  ],
  [
    'false commit',
    'a commit of an attempt that was not the current one',
    (judged) => ({ ...judged, tasks: judged.tasks.map((task) => ({ ...task, attempt: 2 })) }),
  ],
  [
    'false input',
    'an input that was never committed',
    effects((all) => all.map((one) => (one.call === 'c2' ? { ...one, after: ['c9'] } : one))),
  ],
  [
    'false input',
    'a task that began before its input was made',
    effects((all) => all.map((one) => (one.call === 'c2' && one.what === 'began' ? { ...one, at: 15 } : one))),
  ],
];

describe('the checker of a soak', () => {
  test('finds nothing wrong with an honest history', () => {
    expect(check(honest())).toEqual({ violations: [], repeated: 0, overtaken: 0, poisonedByChance: 0 });
  });

  test.each(FORGERIES)('finds what is %s: %s', (kind, _, forge) => {
    expect(check(forge(honest())).violations.map((violation) => violation.kind)).toContain(kind);
  });

  test.each([
    [
      'does not miss an item whose worker was killed under it for the third time',
      { superseded: false, total: 2, lacks: [] },
    ],
    ['misses it where it counts all the same', { superseded: false, total: 3, lacks: ['doubled'] }],
    ['expects it where the run went back to before it', { superseded: true, total: 2, lacks: ['lost'] }],
    ['finds it counted where the run went back to before it', { superseded: true, total: 3, lacks: [] }],
  ])('%s', (_, { superseded, total, lacks }) => {
    const judged = honest();
    const poison = { run: RUN, id: 't3', key: 'e#0[1]/c#0', status: 'failed', attempt: 4, crashes: 3, call: null };
    const promised = judged.history.promised.map((one) => ({ ...one, expect: { ...one.expect, total: 3 } }));
    const found = check({
      ...judged,
      history: { ...judged.history, promised },
      runs: judged.runs.map((one) => ({ ...one, total })),
      tasks: [...judged.tasks, { ...poison, superseded, error: 'poison' }],
    });

    expect(found.violations.map(({ kind }) => kind)).toEqual(lacks);
  });

  test('counts calls that were repeated and overtaken, and does not mind them', () => {
    const late = { what: 'began' as const, call: 'c3', taskId: 't2', attempt: 1, at: 25, pid: 8, after: ['c1'] };
    const judged = effects((all) => [...all, late, { ...late, what: 'done' as const, at: 50 }])(honest());

    expect(check(judged)).toEqual({ violations: [], repeated: 1, overtaken: 1, poisonedByChance: 0 });
  });
});

describe('the seed of a soak', () => {
  test('gives the same programs and the same storms again, and other seeds others', () => {
    const programs = (seed: number) => Array.from({ length: 50 }, (_, n) => programOf(seed, n));
    const first = (seed: number) => storms(seed, CATALOGUE).take(40).toArray();

    expect(programs(7)).toEqual(programs(7));
    expect(first(7)).toEqual(first(7));
    expect(programs(8)).not.toEqual(programs(7));
    expect(first(8)).not.toEqual(first(7));
  });

  test('has every kind of fault come before any comes a second time, give or take a storm', () => {
    const kinds = storms(1, CATALOGUE)
      .take(40)
      .toArray()
      .flatMap(({ strikes }) => strikes.map(({ kind }) => kind));

    expect(new Set(kinds.slice(0, CATALOGUE.length + 3)).size).toBeGreaterThanOrEqual(CATALOGUE.length - 3);
  });
});
