import { describe, expect, test } from 'vitest';
import { Scenario } from './scenario.ts';

/** draft -> judge -> decide, which leads back to draft until it is good; then publish. */
const improve = {
  name: 'improve',
  state: { log: { type: 'array', reducer: 'append', default: [] } },
  nodes: {
    draft: { type: 'task', uses: 'echo', with: { was: '${judge.note}', n: '{{ state.__meta.step }}' }, output: 'log' },
    judge: { type: 'task', uses: 'echo', with: { draft: '${draft}' }, needs: ['draft'] },
    decide: { type: 'route', on: 'nodes.judge.good', routes: { true: 'publish', false: 'draft' }, needs: ['judge'] },
    publish: { type: 'task', uses: 'echo', with: { final: '${draft}' } },
  },
};

function judge(run: Scenario, good: boolean, note = 'more'): void {
  run.succeed('judge', { good, note });
}

describe('loops', () => {
  test('B4: a back edge arms its target and all that lies downstream anew, with the results of the last iteration', () => {
    const run = new Scenario(improve);
    expect(run.input('draft')).toEqual({ was: null, n: '0' });
    run.succeed('draft', 'one');
    judge(run, false, 'longer');
    expect(run.task('draft').key).toBe('draft#1');
    expect(run.input('draft')).toEqual({ was: 'longer', n: '1' });
    run.succeed('draft', 'two');
    expect(run.task('judge').key).toBe('judge#1');
    expect(run.input('judge')).toEqual({ draft: 'two' });
    judge(run, true);
    expect(run.task('publish').key).toBe('publish#1');
    expect(run.input('publish')).toEqual({ final: 'two' });
    run.succeed('publish', 'done');
    expect(run.status).toBe('succeeded');
    expect(run.rows.head.generations).toBe(1);
  });

  test('B4: edges from outside of what runs again keep how they ended', () => {
    const run = new Scenario({
      name: 'outside',
      nodes: {
        source: { type: 'task', uses: 'echo' },
        work: { type: 'task', uses: 'echo' },
        both: { type: 'task', uses: 'echo', with: { s: '${source}' }, needs: ['source', 'work'] },
        again: { type: 'route', on: 'nodes.both', routes: { yes: 'work', no: '__end__' }, needs: ['both'] },
      },
      edges: [
        ['__start__', 'source'],
        ['__start__', 'work'],
      ],
    });
    run.succeed('source', 's');
    run.succeed('work');
    run.succeed('both', 'yes');
    expect(run.statuses['work']).toBe('ready');
    run.succeed('work');
    expect(run.task('both').key).toBe('both#1');
    expect(run.input('both')).toEqual({ s: 's' });
    run.succeed('both', 'no');
    expect(run.status).toBe('succeeded');
  });

  test('B4: a task of an older iteration merges its updates, but arms nothing and cannot fail the run', () => {
    const document = {
      name: 'late',
      state: { log: { type: 'array', reducer: 'append', default: [] } },
      nodes: {
        work: { type: 'task', uses: 'echo' },
        slow: { type: 'task', uses: 'echo', needs: ['work'], output: 'log' },
        after: { type: 'task', uses: 'echo', needs: ['slow'] },
        quick: { type: 'task', uses: 'echo', needs: ['work'] },
        again: { type: 'route', on: 'nodes.quick', routes: { yes: 'work', no: '__end__' }, needs: ['quick'] },
      },
    };
    const run = new Scenario(document);
    run.succeed('work');
    const late = run.success('slow', 'late');
    run.succeed('quick', 'yes');
    expect(run.run(late)).toEqual([true]);
    expect(run.statuses['after']).toBeUndefined();
    expect(run.rows.channel('log')?.deltas).toEqual(['late']);

    const failing = new Scenario(document);
    failing.succeed('work');
    const failed = failing.failure('slow');
    failing.succeed('quick', 'yes');
    failing.run(failed);
    expect(failing.status).toBe('running');
    failing.succeed('work');
    failing.succeed('slow', 'now');
    failing.succeed('after');
    failing.succeed('quick', 'no');
    expect(failing.status).toBe('succeeded');
  });

  test('B5: maxSteps bounds the iterations of loops, not the steps of the journal', () => {
    const run = new Scenario({ ...improve, maxSteps: 2 });
    for (const name of ['one', 'two', 'three']) {
      run.succeed('draft', name);
      judge(run, false);
    }
    expect(run.status).toBe('failed');
    expect(run.errorCode).toBe('max_steps');
  });

  test('B5 F52: maxIterations bounds one loop', () => {
    const draft = { ...improve.nodes.draft, maxIterations: 2 };
    const run = new Scenario({ ...improve, nodes: { ...improve.nodes, draft } });
    for (const name of ['one', 'two']) {
      run.succeed('draft', name);
      judge(run, false);
    }
    expect(run.errorCode).toBe('max_iterations');
  });

  test('B4: a goto to an ancestor begins a new iteration; a goto forward fires its target once, and skips what it passes', () => {
    const document = {
      name: 'jump',
      nodes: {
        a: { type: 'task', uses: 'echo' },
        b: { type: 'task', uses: 'echo', needs: ['a'] },
        c: { type: 'task', uses: 'echo', needs: ['b'] },
      },
    };
    const run = new Scenario(document);
    run.succeed('a', 1, { goto: ['c'] });
    expect(run.statuses).toEqual({ a: 'succeeded', b: 'skipped', c: 'ready' });
    run.succeed('c', 2, { goto: ['a'] });
    expect(run.task('a').key).toBe('a#1');
    run.succeed('a', 3);
    run.succeed('b', 4);
    expect(run.task('c').key).toBe('c#1');
    run.succeed('c', 5, { goto: ['__end__'] });
    expect(run.status).toBe('succeeded');
  });

  test('B4: a goto to a node that does not exist fails its task', () => {
    const run = new Scenario({ name: 'bad', nodes: { a: { type: 'task', uses: 'echo' } } });
    run.succeed('a', 1, { goto: ['nowhere'] });
    expect(run.errorCode).toBe('invalid_goto');
  });

  test('B4: a goto with several targets fires each of them', () => {
    const run = new Scenario({
      name: 'many',
      nodes: {
        a: { type: 'task', uses: 'echo' },
        b: { type: 'task', uses: 'echo', needs: ['a'] },
        c: { type: 'task', uses: 'echo', needs: ['b'] },
        d: { type: 'task', uses: 'echo', needs: ['b'] },
        e: { type: 'task', uses: 'echo', needs: ['c', 'd'] },
      },
    });
    run.succeed('a', 1, { goto: ['c', 'd'] });
    expect(run.statuses).toEqual({ a: 'succeeded', b: 'skipped', c: 'ready', d: 'ready' });
    run.succeed('c');
    run.succeed('d');
    run.succeed('e');
    expect(run.status).toBe('succeeded');
  });

  test('B4: a loop within a loop counts the iterations of both', () => {
    const run = new Scenario({
      name: 'nested',
      nodes: {
        outer: { type: 'task', uses: 'echo' },
        inner: { type: 'task', uses: 'echo', needs: ['outer'] },
        small: { type: 'route', on: 'nodes.inner', routes: { again: 'inner', go: 'big' }, needs: ['inner'] },
        big: { type: 'route', on: 'nodes.inner2', routes: { again: 'outer', end: '__end__' }, needs: ['inner2'] },
        inner2: { type: 'task', uses: 'echo', needs: ['small'] },
      },
      edges: [['__start__', 'outer']],
    });
    run.succeed('outer');
    run.succeed('inner', 'again');
    expect(run.task('inner').key).toBe('inner#1');
    run.succeed('inner', 'go');
    expect(run.status).toBe('running');
  });
});
