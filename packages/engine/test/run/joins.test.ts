import { describe, expect, test } from 'vitest';
import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

type End = 'taken' | 'notTaken' | 'failed';

const skips = { ...echo, onFailure: 'skipDependents' };
const route = (on: string, target: string) => ({ type: 'route', on, routes: { yes: target, no: '__end__' } });

/** One in-edge of `j` that can be made to end in any way: a route behind a task that may fail. */
function source(index: number): object {
  return {
    [`s${index}`]: skips,
    [`r${index}`]: { ...route(`nodes.s${index}`, 'j'), needs: [`s${index}`] },
  };
}

function endSource(run: Scenario, index: number, end: End): void {
  if (end === 'failed') run.fail(`s${index}`);
  else run.succeed(`s${index}`, end === 'taken' ? 'yes' : 'no');
}

describe('how edges end', () => {
  test('B1: an edge is taken when its source has succeeded', () => {
    const run = new Scenario(withNodes({ a: echo, b: { ...echo, needs: ['a'] } }));
    run.succeed('a');
    expect(run.statuses).toEqual({ a: 'succeeded', b: 'ready' });
  });

  test('B1: an edge is not taken where a route went elsewhere, a condition is false or its source was skipped', () => {
    const run = new Scenario(
      withNodes({
        r: { type: 'route', on: 'input.to', routes: { a: 'a', b: 'b' } },
        a: { ...echo, when: 'true' },
        b: echo,
        afterB: { ...echo, needs: ['b'] },
        no: { ...echo, when: '1 > 2' },
        afterNo: { ...echo, needs: ['no'], join: 'allDone' },
      }),
      { input: { to: 'a' } },
    );
    expect(run.statuses).toEqual({
      r: 'succeeded',
      a: 'ready',
      b: 'skipped',
      afterB: 'skipped',
      no: 'skipped',
      afterNo: 'skipped',
    });
    run.succeed('a');
    expect(run.status).toBe('succeeded');
  });

  test('B1: an edge has failed when its source failed under skipDependents, or was skipped because of that', () => {
    const nodes = {
      a: skips,
      b: { ...echo, needs: ['a'] },
      c: { ...echo, needs: ['b'] },
      d: { ...echo, needs: ['c'], join: 'allDone' },
    };
    const run = new Scenario(withNodes(nodes));
    run.fail('a');
    expect(run.statuses).toEqual({ a: 'failed', b: 'skipped', c: 'skipped', d: 'ready' });
  });
});

describe('joins', () => {
  const cases: [join: string, ends: End[], expected: string][] = [
    ['all', ['taken', 'taken'], 'ready'],
    ['all', ['taken', 'notTaken'], 'ready'],
    ['all', ['taken', 'failed'], 'skipped failed'],
    ['all', ['notTaken', 'notTaken'], 'skipped'],
    ['all', ['notTaken', 'failed'], 'skipped failed'],
    ['all', ['failed', 'failed'], 'skipped failed'],
    ['any', ['taken', 'taken'], 'ready'],
    ['any', ['taken', 'notTaken'], 'ready'],
    ['any', ['taken', 'failed'], 'ready'],
    ['any', ['notTaken', 'notTaken'], 'skipped'],
    ['any', ['notTaken', 'failed'], 'skipped failed'],
    ['any', ['failed', 'failed'], 'skipped failed'],
    ['allDone', ['taken', 'taken'], 'ready'],
    ['allDone', ['taken', 'notTaken'], 'ready'],
    ['allDone', ['taken', 'failed'], 'ready'],
    ['allDone', ['notTaken', 'notTaken'], 'skipped'],
    ['allDone', ['notTaken', 'failed'], 'ready'],
    ['allDone', ['failed', 'failed'], 'ready'],
    ['all', ['taken'], 'ready'],
    ['all', ['notTaken'], 'skipped'],
    ['all', ['failed'], 'skipped failed'],
    ['any', ['failed'], 'skipped failed'],
    ['allDone', ['notTaken'], 'skipped'],
    ['allDone', ['failed'], 'ready'],
  ];

  test.each(cases)('B2: a join of kind %s over edges %j makes its node %s', (join, ends, expected) => {
    for (const order of [ends.keys().toArray(), ends.keys().toArray().toReversed()]) {
      const run = new Scenario(
        withNodes({
          ...Object.assign({}, ...ends.map((_, i) => source(i))),
          j: { ...echo, join },
          k: { ...echo, needs: ['j'], join: 'allDone' },
        }),
      );
      for (const index of order) endSource(run, index, ends[index] as End);
      const status = run.statuses['j'];
      // What comes behind tells whether the out-edges of a skipped node have failed.
      expect(status === 'skipped' && run.statuses['k'] === 'ready' ? 'skipped failed' : status).toBe(expected);
    }
  });

  test('B2: a join of kind any fires on the first taken edge; later ones are absorbed and the losers go on', () => {
    const run = new Scenario(withNodes({ a: echo, b: echo, j: { ...echo, needs: ['a', 'b'], join: 'any' } }));
    run.succeed('a');
    expect(run.statuses).toEqual({ a: 'succeeded', b: 'ready', j: 'ready' });
    run.succeed('j');
    expect(run.status).toBe('running');
    run.succeed('b');
    expect(run.journal().filter((line) => line.endsWith(' j'))).toEqual(['task_succeeded j']);
    expect(run.status).toBe('succeeded');
  });

  test('B2: a join waits for all its edges, that from the start included', () => {
    const run = new Scenario(
      withNodes(
        { a: echo, j: { ...echo, needs: ['a'] } },
        {
          edges: [
            ['__start__', 'j'],
            ['__start__', 'a'],
          ],
        },
      ),
    );
    expect(run.statuses).toEqual({ a: 'ready' });
    run.succeed('a');
    expect(run.statuses).toEqual({ a: 'succeeded', j: 'ready' });
  });
});

describe('goto on failure', () => {
  const nodes = {
    a: { ...echo, onFailure: { goto: 'rescue' } },
    slow: echo,
    next: { ...echo, needs: ['a'] },
    rescue: { ...echo, needs: ['slow'] },
  };

  test('B4: fires its target at once, whatever the join; the edge that ends later is absorbed', () => {
    const run = new Scenario(withNodes(nodes));
    run.fail('a');
    expect(run.statuses).toEqual({ a: 'failed', next: 'skipped', rescue: 'ready', slow: 'ready' });
    run.succeed('rescue');
    run.succeed('slow');
    expect(run.journal().filter((line) => line.endsWith(' rescue'))).toEqual(['task_succeeded rescue']);
    expect(run.status).toBe('succeeded');
  });

  test('B4: does not fire its target again when that has run already', () => {
    const run = new Scenario(withNodes({ ...nodes, rescue: { ...echo, needs: ['slow'], join: 'any' } }));
    run.succeed('slow');
    run.succeed('rescue');
    run.fail('a');
    expect(run.status).toBe('succeeded');
    expect(run.statuses).toMatchObject({ a: 'failed', rescue: 'succeeded' });
  });

  test('B4: of a source that succeeds ends as not taken', () => {
    const run = new Scenario(withNodes(nodes));
    run.succeed('a');
    expect(run.statuses).toEqual({ a: 'succeeded', next: 'ready', slow: 'ready' });
    run.succeed('slow');
    expect(run.statuses).toMatchObject({ rescue: 'ready' });
  });

  test('B4: only leads to its target by the failure when there is no other edge', () => {
    const only = { a: { ...echo, onFailure: { goto: 'rescue' } }, rescue: echo };
    const good = new Scenario(withNodes(only));
    good.succeed('a');
    expect([good.status, good.statuses]).toEqual(['succeeded', { a: 'succeeded', rescue: 'skipped' }]);
    const bad = new Scenario(withNodes(only));
    bad.fail('a');
    expect([bad.status, bad.statuses]).toEqual(['running', { a: 'failed', rescue: 'ready' }]);
  });
});
