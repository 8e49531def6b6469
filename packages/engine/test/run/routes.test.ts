import { describe, expect, test } from 'vitest';
import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

const route = { type: 'route', on: 'input.to', routes: { a: 'a', '7': 'b', true: 'b', end: '__end__' } };
const nodes = { r: route, a: echo, b: echo };

function started(to: unknown, more: object = {}): Scenario {
  return new Scenario(withNodes({ ...nodes, r: { ...route, ...more } }), { input: { to: to as string } });
}

describe('routes', () => {
  test.each([
    ['a', 'a'],
    [7, 'b'],
    [true, 'b'],
  ])('B3: the value %j leads along its edge and no other', (to, target) => {
    const run = started(to);
    expect(run.statuses[target]).toBe('ready');
    expect(run.statuses[target === 'a' ? 'b' : 'a']).toBe('skipped');
    expect(run.task('r').output).toEqual({ route: String(to) });
  });

  test('B3: a value that has no edge fails with route_no_match', () => {
    const run = started('elsewhere');
    expect([run.status, run.errorCode]).toEqual(['failed', 'route_no_match']);
    expect(run.statuses).toEqual({ r: 'failed' });
  });

  test('B3: a value that has no edge takes the default, one that has does not', () => {
    expect(started('elsewhere', { default: 'b' }).statuses).toMatchObject({ a: 'skipped', b: 'ready' });
    expect(started('a', { default: 'b' }).statuses).toMatchObject({ a: 'ready', b: 'skipped' });
  });

  test('B3: the default and a value may share a target', () => {
    const shared = { default: 'a' };
    expect(started('a', shared).statuses).toMatchObject({ a: 'ready', b: 'skipped' });
    expect(started('elsewhere', shared).statuses).toMatchObject({ a: 'ready', b: 'skipped' });
  });

  test('B3: __end__ ends its branch only', () => {
    const run = new Scenario(withNodes({ ...nodes, other: echo }), { input: { to: 'end' } });
    expect(run.statuses).toEqual({ r: 'succeeded', a: 'skipped', b: 'skipped', other: 'ready' });
    expect(run.status).toBe('running');
    run.succeed('other');
    expect(run.status).toBe('succeeded');
  });

  test('B3: a condition that cannot be evaluated fails its node by its own policy', () => {
    const run = new Scenario(
      withNodes({ r: { ...route, onFailure: 'skipDependents' }, a: echo, b: echo, other: echo }),
    );
    expect(run.task('r')).toMatchObject({ status: 'failed', error: { code: 'expression_failed' } });
    expect(run.statuses).toMatchObject({ a: 'skipped', b: 'skipped', other: 'ready' });
  });

  test.each([
    ['input.missing', /missing/],
    ['input.to', /not true or false/],
  ])('B3: a `when` of %s fails its node, which is not tried again', (when, message) => {
    const run = new Scenario(withNodes({ a: { ...echo, when, retry: { maxAttempts: 5 } } }), { input: { to: 'x' } });
    expect(run.task('a')).toMatchObject({
      status: 'failed',
      attempt: 1,
      failures: 1,
      error: { code: 'expression_failed' },
    });
    expect(run.task('a').error?.message).toMatch(message);
    expect(run.claims).toEqual([]);
  });
});

describe('what a final failure means', () => {
  test('B3: failRun aborts what runs and ends the run with the error of the task', () => {
    const run = new Scenario(withNodes({ a: echo, b: echo, c: { ...echo, needs: ['b'] } }));
    run.settle(run.failure('a', { code: 'no_such_ticket', details: { ticket: 7 } }));
    expect(run.last.sentMail).toEqual([{ to: null, kind: 'close', payload: {}, dedupeKey: null }]);
    run.goOn();
    expect(run.statuses).toEqual({ a: 'failed', b: 'cancelled' });
    expect(run.rows.ending?.error).toMatchObject({
      code: 'no_such_ticket',
      details: { ticket: 7, node: 'a', taskId: run.task('a').id },
    });
    expect(run.rows.mail).toEqual([]);
  });

  test('B3: a run that fails with its only live task has nothing to close', () => {
    const run = new Scenario(withNodes({ a: echo, b: { ...echo, needs: ['a'] } }));
    run.settle(run.failure('a'));
    expect([run.status, run.last.sentMail]).toEqual(['failed', []]);
  });

  test('B3: skipDependents lets the other branches go on; the run fails at its end', () => {
    const run = new Scenario(
      withNodes({ a: { ...echo, onFailure: 'skipDependents' }, b: { ...echo, needs: ['a'] }, c: echo }),
    );
    run.fail('a');
    expect([run.status, run.statuses]).toEqual(['running', { a: 'failed', b: 'skipped', c: 'ready' }]);
    run.succeed('c');
    expect([run.status, run.errorCode]).toEqual(['failed', 'tasks_failed']);
  });

  test('B3: continue goes on with the output null, and the error can be read', () => {
    const b = { ...echo, needs: ['a'], with: { output: '${a}', code: '${a.error.code}' } };
    const run = new Scenario(withNodes({ a: { ...echo, onFailure: 'continue' }, b }));
    run.fail('a');
    expect(run.input('b')).toEqual({ output: null, code: 'boom' });
    run.succeed('b');
    expect(run.status).toBe('succeeded');
  });
});
