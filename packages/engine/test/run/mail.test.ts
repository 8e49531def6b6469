import { describe, expect, test } from 'vitest';
import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

const skips = { ...echo, onFailure: 'skipDependents' };
const after = (...needs: string[]) => ({ ...echo, needs });

describe('cancel', () => {
  test('A13: is one step, raises the epoch and touches no task but by mail', () => {
    const nodes = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`n${i}`, echo]));
    const run = new Scenario(withNodes(nodes));
    const late = run.success('n0');
    run.rows.send('cancel', { reason: 'not needed' });
    run.settle({ type: 'advance' });
    expect(run.rows.head).toMatchObject({ status: 'cancelled', epoch: 1, live: 0, step: 2 });
    expect(run.rows.ending?.error).toEqual({ code: 'cancelled', message: 'not needed', retryable: false });
    expect(run.last.tasks).toEqual([]);
    expect(run.rows.mail.map(({ kind }) => kind)).toEqual(['close']);
    expect(run.settle(late).applied).toEqual([false]);
    run.goOn();
    expect(new Set(Object.values(run.statuses))).toEqual(new Set(['cancelled']));
    expect(run.rows.mail).toEqual([]);
    expect(run.rows.steps).toHaveLength(2);
  });

  test('A13: comes before the outcomes of its batch, which are refused', () => {
    const run = new Scenario(withNodes({ a: echo, b: after('a') }));
    run.rows.send('cancel');
    expect(run.settle(run.success('a')).applied).toEqual([false]);
    expect([run.last.ready, run.last.timersSet]).toEqual([[], []]);
    expect(run.journal()).toEqual(['run_started', 'cancelled']);
  });

  test('A13: ends what waits for a timer, and the timer', () => {
    const run = new Scenario(withNodes({ a: { ...echo, retry: { maxAttempts: 2 } } }));
    run.fail('a', { retryable: true });
    run.mail('cancel');
    expect(run.rows.timers.size).toBe(0);
    expect(run.fire('a', 'retry', 2)).toBe(false);
    expect(run.statuses).toEqual({ a: 'cancelled' });
  });

  test('A13: of a run that has ended changes nothing, nor does a retry of a cancelled one', () => {
    const run = new Scenario(withNodes({ a: echo }));
    run.succeed('a');
    run.mail('cancel');
    expect(run.status).toBe('succeeded');
    const cancelled = new Scenario(withNodes({ a: echo }));
    cancelled.mail('cancel');
    cancelled.mail('retry');
    expect(cancelled.journal()).toEqual(['run_started', 'cancelled']);
    expect([run.rows.mail, cancelled.rows.mail]).toEqual([[], []]);
  });
});

describe('retry', () => {
  test('B3: arms what failed and what was aborted again, with new attempts and no failures', () => {
    const run = new Scenario(withNodes({ a: echo, b: echo, c: after('a', 'b'), done: echo }));
    run.succeed('done', 'kept');
    run.release('b', 'crash');
    run.fail('a');
    expect(run.statuses).toEqual({ a: 'failed', b: 'cancelled', done: 'succeeded' });
    run.mail('retry');
    expect(run.rows.head).toMatchObject({ status: 'running', epoch: 1, live: 2 });
    expect(run.rows.ending).toEqual({ error: null });
    expect(run.task('a')).toMatchObject({ status: 'ready', attempt: 2, failures: 0, error: null, settledStep: null });
    expect(run.task('b')).toMatchObject({ status: 'ready', attempt: 3, crashes: 0 });
    for (const node of ['a', 'b', 'c']) run.succeed(node);
    expect([run.status, run.task('done').output]).toEqual(['succeeded', 'kept']);
    expect(run.journal().filter((line) => line === 'run_ended')).toHaveLength(2);
  });

  test('B3: that comes before the rows of the ended run are closed finds them aborted all the same', () => {
    const run = new Scenario(withNodes({ a: echo, b: { ...echo, retry: { maxAttempts: 2 } }, c: after('a', 'b') }));
    run.fail('b', { retryable: true });
    run.settle(run.failure('a'));
    expect(run.statuses).toEqual({ a: 'failed', b: 'waiting' });
    run.rows.send('retry');
    run.run({ type: 'advance' });
    expect(run.rows.head).toMatchObject({ status: 'running', live: 2 });
    expect([run.rows.timers.size, run.rows.mail]).toEqual([0, []]);
    for (const node of ['a', 'b', 'c']) run.succeed(node);
    expect(run.status).toBe('succeeded');
  });

  test('A13: a run that ends again before it was told to close the first time is closed', () => {
    const run = new Scenario(withNodes({ a: echo, b: echo, c: echo, d: echo }));
    run.settle(run.failure('a'));
    run.rows.send('retry', {}, 'a-retry');
    run.rows.mail.reverse();
    run.settle({ type: 'advance' });
    expect(run.status).toBe('running');
    run.rows.send('close', {}, 'own:close');
    run.settle(run.failure('a'));
    run.goOn();
    expect(run.statuses).toEqual({ a: 'failed', b: 'cancelled', c: 'cancelled', d: 'cancelled' });
    expect(run.rows.mail).toEqual([]);
  });

  test('B3: what was skipped because of a failure waits anew; what was skipped for another reason stays', () => {
    const no = { ...after('a', 'b'), join: 'any', when: '1 > 2' };
    const run = new Scenario(withNodes({ a: skips, b: echo, c: after('a'), d: after('c', 'b'), no }));
    run.succeed('b');
    run.fail('a');
    expect(run.statuses).toEqual({ a: 'failed', b: 'succeeded', c: 'skipped', d: 'skipped', no: 'skipped' });
    run.mail('retry');
    expect(run.statuses).toEqual({ a: 'ready', b: 'succeeded', no: 'skipped' });
    for (const node of ['a', 'c', 'd']) run.succeed(node);
    expect([run.status, run.rows.head.failed]).toEqual(['succeeded', 0]);
    expect(run.statuses).toEqual({ a: 'succeeded', b: 'succeeded', c: 'succeeded', d: 'succeeded', no: 'skipped' });
  });

  test('B3: two failures before one join are both taken back', () => {
    const run = new Scenario(withNodes({ a: skips, b: skips, j: after('a', 'b'), k: after('j') }));
    run.fail('a');
    run.fail('b');
    run.mail('retry');
    expect(run.rows.joins.get('j#0')).toMatchObject({ ended: 0, failed: 0, fired: false });
    run.succeed('a');
    run.fail('b');
    expect([run.status, run.statuses['j']]).toEqual(['failed', 'skipped']);
    run.mail('retry');
    for (const node of ['b', 'j', 'k']) run.succeed(node);
    expect(run.status).toBe('succeeded');
  });

  test('B3: a join that was still open forgets the failed edge', () => {
    const run = new Scenario(withNodes({ a: skips, b: echo, j: after('a', 'b') }));
    run.fail('a');
    run.fail('b');
    run.mail('retry');
    run.succeed('b');
    run.succeed('a');
    expect(run.statuses['j']).toBe('ready');
  });

  test.each([
    ['with a single edge', after('a')],
    ['with several edges', after('a', 'b')],
  ])('B3: a node %s that ran in spite of the failure and finished does not run again', (_, node) => {
    const run = new Scenario(withNodes({ a: skips, b: echo, done: { ...node, join: 'allDone' } }));
    run.succeed('b');
    run.fail('a');
    run.succeed('done', 'first');
    run.mail('retry');
    run.succeed('a');
    expect([run.status, run.task('done').output]).toEqual(['succeeded', 'first']);
    expect(run.journal().filter((line) => line.endsWith(' done'))).toHaveLength(1);
  });

  test('B3: a node that waits for all edges and was aborted waits for the retried one anew', () => {
    const run = new Scenario(
      withNodes({ a: skips, b: echo, last: { ...after('a', 'b'), join: 'allDone', with: '${a}' } }),
    );
    run.succeed('b');
    run.fail('a');
    run.fail('last');
    run.mail('retry');
    expect(run.statuses).toEqual({ a: 'ready', b: 'succeeded' });
    run.succeed('a', 'at last');
    expect(run.input('last')).toBe('at last');
  });

  test('B3: a failure that was swallowed stays as it is', () => {
    const nodes = { a: { ...echo, onFailure: 'continue' }, b: { ...echo, onFailure: { goto: 'c' } }, c: echo, d: echo };
    const run = new Scenario(withNodes(nodes));
    for (const node of ['a', 'b', 'd']) run.fail(node);
    run.mail('retry');
    expect(run.statuses).toEqual({ a: 'failed', b: 'failed', c: 'ready', d: 'ready' });
  });

  test('B3: what was about to be skipped when the run ended is not settled twice', () => {
    const route = { type: 'route', on: 'input.missing' };
    const run = new Scenario(
      withNodes({ a: { ...route, onFailure: 'skipDependents' }, b: route, c: after('a'), d: after('c') }),
    );
    expect(run.statuses).toEqual({ a: 'failed', b: 'failed', c: 'cancelled' });
    run.mail('retry');
    expect([run.status, run.rows.head.epoch]).toEqual(['failed', 1]);
  });
});
