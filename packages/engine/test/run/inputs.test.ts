import { describe, expect, test } from 'vitest';
import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

const state = { n: { type: 'number', reducer: 'add', default: 0 }, last: { type: 'any' } };

describe('the input of a task', () => {
  test('A7: reads the state as of the step that made it ready, for all attempts', () => {
    const b = { ...echo, needs: ['a'], with: '${state.n}', retry: { maxAttempts: 2 } };
    const run = new Scenario(withNodes({ a: echo, other: echo, b }, { state }));
    run.succeed('a', null, { stateUpdates: { n: 1 } });
    expect(run.task('b')).toMatchObject({ readsAt: 2, captured: { n: 1 } });
    run.succeed('other', null, { stateUpdates: { n: 10 } });
    run.fail('b', { retryable: true });
    run.fire('b', 'retry');
    expect(run.input('b')).toBe(1);
    run.release('b', 'crash');
    expect(run.input('b')).toBe(1);
  });

  test('A7: does not see what a sibling has settled after it became ready, not even in the same batch', () => {
    const reader = { ...echo, needs: ['a'], with: { sibling: '${sibling}', a: '${a}' } };
    const run = new Scenario(withNodes({ a: echo, sibling: echo, reader }));
    run.settle(run.success('a', 'from a'), run.success('sibling', 'from sibling'));
    expect(run.input('reader')).toEqual({ a: 'from a', sibling: null });
  });

  test('A7: sees what a sibling has settled before, in the same batch', () => {
    const reader = { ...echo, needs: ['a'], with: '${sibling}' };
    const run = new Scenario(withNodes({ a: echo, sibling: echo, reader }));
    run.settle(run.success('sibling', 'from sibling'), run.success('a'));
    expect(run.input('reader')).toBe('from sibling');
  });

  test('A7: of a transform is what its step saw, though others have settled before its turn', () => {
    const nodes = {
      a: echo,
      first: { type: 'transform', needs: ['a'], updates: { n: 5 } },
      second: { type: 'transform', needs: ['a'], updates: { last: { n: '${state.n}', first: '${first}' } } },
    };
    const run = new Scenario(withNodes(nodes, { state }));
    run.succeed('a');
    expect(run.journal(3)).toEqual(['task_succeeded first', 'task_succeeded second', 'run_ended']);
    expect(run.task('second').output).toEqual({ last: { n: 0, first: null } });
  });

  test('A7: only the state keys that a node names are kept with its task', () => {
    const run = new Scenario(
      withNodes(
        { a: { ...echo, with: '${state.last}' }, b: echo, c: { ...echo, with: '{{ state | json }}' } },
        { state },
      ),
    );
    expect(run.task('a').captured).toEqual({ last: null });
    expect(run.task('b').captured).toBeNull();
    expect(run.task('c').captured).toEqual({ n: 0, last: null });
  });

  test('A7: of a retried run is what it was', () => {
    const b = { ...echo, needs: ['a'], with: { n: '${state.n}', a: '${a}' } };
    const run = new Scenario(withNodes({ a: echo, other: echo, b }, { state }));
    run.succeed('a', 'done', { stateUpdates: { n: 1 } });
    run.succeed('other', null, { stateUpdates: { n: 1 } });
    run.fail('b');
    run.mail('retry');
    expect(run.input('b')).toEqual({ n: 1, a: 'done' });
  });
});

describe('task keys', () => {
  test('B6: a key is node#iteration, its id depends on run, epoch and key only', () => {
    const once = new Scenario(withNodes({ a: echo }));
    const twice = new Scenario(withNodes({ a: { ...echo, priority: 'low' }, b: echo }));
    expect(once.task('a').key).toBe('a#0');
    expect(twice.task('a').id).toBe(once.task('a').id);
    expect(twice.task('b').id).not.toBe(once.task('a').id);
    expect(once.task('a').id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8/);
    expect(once.task('a').id.slice(0, 13)).toBe(once.rows.head.id.slice(0, 13));
  });

  test('B6: a task that is armed anew in a later epoch has an id of its own', () => {
    const run = new Scenario(withNodes({ a: { ...echo, onFailure: 'skipDependents' }, b: { ...echo, needs: ['a'] } }));
    run.fail('a');
    const skipped = run.task('b');
    run.mail('retry');
    run.succeed('a');
    expect(run.task('b')).toMatchObject({ key: skipped.key, epoch: 1, status: 'ready' });
    expect(run.task('b').id).not.toBe(skipped.id);
  });
});
