import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failForEngineError, noReads } from '../../src/domain/index.ts';
import { echo, withNodes } from '../validate/documents.ts';
import { arbitraryBatches, arbitraryGraph, input } from './arbitrary-graph.ts';
import { drain, lettersOf, moveOf, play, verifyEnd } from './graph-story.ts';
import { Scenario } from './scenario.ts';
import { arbitrarySteps as superstepGraphs } from './superstep/arbitrary-steps.ts';

type Wish = { only?: string[]; with?: object; by?: string };

function redo(run: Scenario, { only, with: edited, by = 'ann' }: Wish = {}): void {
  const letters = lettersOf(run)
    .filter(({ key }) => !only || only.some((name) => key === name || key.startsWith(`${name}#`)))
    .map((letter) => ({ ...letter, ...(edited && { with: edited }) }));
  run.mail('retry_letters', { letters, by } as never);
}

function discard(run: Scenario): void {
  run.mail('discard_letters', { letters: lettersOf(run), by: 'ann' } as never);
}

describe('a dead letter whose run has failed', () => {
  test('B3: reopens the run with what was aborted, and runs under its next attempt', () => {
    const run = new Scenario(withNodes({ a: echo, b: echo, c: { ...echo, needs: ['a', 'b'] } }));
    run.fail('a');
    redo(run);
    expect(run.rows.head).toMatchObject({ status: 'running', epoch: 1 });
    expect(run.task('a')).toMatchObject({ status: 'ready', attempt: 2, failures: 0 });
    run.run(run.success('a'), run.success('b'));
    drain(run);
    expect(run.status).toBe('succeeded');
  });

  test('of several that the run could go on without, only those that were named are done again', () => {
    const skips = { ...echo, onFailure: 'skipDependents' };
    const run = new Scenario(withNodes({ a: skips, b: skips, after: { ...echo, needs: ['a'] } }));
    run.run(run.failure('a'), run.failure('b'));
    expect([run.errorCode, run.statuses]).toEqual(['tasks_failed', { a: 'failed', after: 'skipped', b: 'failed' }]);
    redo(run, { only: ['a'] });
    drain(run);
    expect([run.errorCode, run.statuses]).toEqual([
      'tasks_failed',
      { a: 'succeeded', after: 'succeeded', b: 'failed' },
    ]);
    redo(run);
    drain(run);
    expect(run.status).toBe('succeeded');
  });

  test('A7: an edited input is that of all later attempts, and the journal tells who has edited it', () => {
    const run = new Scenario(withNodes({ a: { ...echo, retry: { maxAttempts: 2, initialMs: 10 } } }));
    run.fail('a');
    redo(run, { with: { url: 'right' } });
    const edit = { with: { url: 'right' }, by: 'ann' };
    expect(run.rows.steps.at(-1)).toMatchObject({
      type: 'retried',
      facts: { by: 'ann', tasks: [{ letter: { edit } }] },
    });
    run.fail('a', { retryable: true });
    run.fire('a', 'retry');
    expect(run.input('a')).toEqual({ url: 'right' });
    run.fail('a');
    redo(run);
    expect([run.input('a'), run.task('a').letter]).toEqual([{ url: 'right' }, { edit }]);
    expect(run.fork(run.rows.head.step).task('a').letter).toEqual({ edit });
  });

  test('an item is done again with all others that its send has failed for', () => {
    const each = { type: 'send', items: '${input.few}', target: 'w', onItemFailure: 'fail' };
    const run = new Scenario(withNodes({ each, w: echo }), { input });
    run.run(run.failure('each#0[1]/w#0'));
    expect(run.statuses).toMatchObject({ each: 'failed' });
    redo(run, { only: ['each#0[1]/w#0'] });
    expect(run.task('each')).toMatchObject({ status: 'waiting', waits: 'items' });
    drain(run);
    expect(run.status).toBe('succeeded');
  });
});

describe('a dead letter that its run has gone on from', () => {
  const document = withNodes(
    {
      a: { ...echo, onFailure: 'continue', output: 'found' },
      b: { ...echo, with: { x: '${a}' }, needs: ['a'], retry: { maxAttempts: 3, initialMs: 10 } },
      c: { ...echo, with: { x: '${a}' }, needs: ['b'] },
    },
    { state: { found: { type: 'any' } } },
  );

  test('A7: is done again by itself; who was ready before reads the failure, who comes later the result', () => {
    const run = new Scenario(document);
    run.fail('a');
    const before = run.input('b');
    redo(run);
    expect(run.status).toBe('running');
    run.fail('b', { retryable: true });
    run.succeed('a', 'late');
    run.fire('b', 'retry');
    expect(run.input('b')).toEqual(before);
    run.succeed('b');
    expect([run.input('c'), run.state('found')]).toEqual([{ x: 'late' }, 'late']);
    drain(run);
    expect([run.status, run.claims.filter(({ key }) => key === 'b#0').length]).toEqual(['succeeded', 2]);
  });

  test('a run that has succeeded takes its result in, and does nothing else again', () => {
    const run = new Scenario(document);
    run.fail('a');
    drain(run);
    redo(run);
    expect(run.rows.head).toMatchObject({ status: 'running', epoch: 1 });
    run.succeed('a', 'late');
    expect([run.status, run.state('found'), run.task('a').output]).toEqual(['succeeded', 'late', 'late']);
  });

  test('an item that its send has done without takes its place among the outputs', () => {
    const each = { type: 'send', items: '${input.few}', target: 'w', onItemFailure: 'continue' };
    const run = new Scenario(withNodes({ each, w: echo }), { input });
    run.run(run.success('each#0[0]/w#0', 1), run.failure('each#0[1]/w#0'), run.success('each#0[2]/w#0', 3));
    expect([run.status, run.rows.itemsOf('each#0')]).toEqual(['succeeded', [1, null, 3]]);
    redo(run);
    run.run(run.success('each#0[1]/w#0', 2));
    expect([run.status, run.rows.itemsOf('each#0')]).toEqual(['succeeded', [1, 2, 3]]);
  });

  test('what no worker does is left as it is, for it would fail again', () => {
    const bad = { type: 'transform', updates: { found: '${nowhere.x}' }, onFailure: 'continue' };
    const run = new Scenario(
      withNodes(
        { a: { ...bad, updates: { found: { cel: 'input.missing' } } }, b: echo },
        {
          state: { found: { type: 'any' } },
        },
      ),
    );
    const { step } = run.rows.head;
    redo(run);
    expect(run.rows.head.step).toBe(step);
  });
});

/** A run whose node `a` has failed for good, in each of the ways in which one can. */
const WAYS: Record<string, () => Scenario> = {
  boom: () => failedBy(echo, (run) => run.fail('a')),
  outcome_rejected: () => failedBy(echo, (run) => run.fail('a', { code: 'outcome_rejected' })),
  undeclared_key: () => failedBy(echo, (run) => run.succeed('a', null, { stateUpdates: { nowhere: 1 } })),
  invalid_goto: () => failedBy(echo, (run) => run.succeed('a', null, { goto: ['nowhere'] })),
  worker_lost: () => failedBy({ ...echo, retry: { onCrash: 'fail' } }, (run) => run.release('a', 'crash')),
  poison: () =>
    failedBy(echo, (run) => {
      for (let crash = 0; crash < 3; crash++) run.release('a', 'crash');
    }),
  queue_timeout: () => failedBy({ ...echo, queueTimeoutMs: 1000 }, (run) => run.fire('a', 'queue')),
  expression_failed: () => failedBy({ ...echo, when: 'input.missing' }, () => undefined),
  route_no_match: () => failedBy({ type: 'route', on: '"x"', routes: { y: 'b' } }, () => undefined),
  signal_timeout: () => failedBy({ type: 'wait', signal: 'go', timeoutMs: 1000 }, (run) => run.fire('a', 'wait')),
  interrupt_expired: () =>
    failedBy({ type: 'interrupt', message: '?', expiresMs: 1000 }, (run) => run.fire('a', 'expire')),
  bad_items: () => failedBy({ type: 'send', items: '${input.x}', target: 'w' }, () => undefined, { w: echo }),
  engine_error: () =>
    failedBy(echo, (run) => {
      const snapshot = run.rows.load({ ...noReads(), everything: true });
      const events = [run.success('a')];
      run.rows.apply(failForEngineError(run.graph, { snapshot, events, now: run.now, message: 'oh' }));
      run.goOn();
    }),
};

function failedBy(node: object, fail: (run: Scenario) => void, others: object = {}): Scenario {
  const run = new Scenario(withNodes({ a: node, b: { ...echo, needs: ['a'] }, ...others }), { input: { x: 'text' } });
  fail(run);
  return run;
}

describe('every way to fail for good', () => {
  test.each(Object.entries(WAYS))('%s leaves a letter, which reopens its run', (code, failed) => {
    const run = failed();
    expect([run.status, run.task('a').status, run.task('a').error?.code]).toEqual(['failed', 'failed', code]);
    const { attempt } = run.task('a');
    redo(run);
    expect(run.rows.head.epoch).toBe(1);
    expect(run.task('a').attempt).toBeGreaterThan(attempt);
    if (run.status === 'failed') expect(run.task('a').error?.code).toBe(code);
    else drain(run);
    expect(run.hasEnded).toBe(true);
  });
});

describe('dead letters', () => {
  test('are put away without changing anything else, whether their run goes on or not', () => {
    const run = new Scenario(withNodes({ a: { ...echo, onFailure: 'continue' }, b: echo }));
    run.fail('a');
    discard(run);
    run.fail('b');
    discard(run);
    expect(run.journal().slice(-2)).toEqual(['run_ended', 'discarded']);
    expect([run.status, run.task('b').letter]).toEqual(['failed', { discarded: { by: 'ann' } }]);
    redo(run);
    expect(run.task('b')).toMatchObject({ status: 'ready', letter: {} });
  });

  test('of another attempt, or of a cancelled run, change nothing', () => {
    const run = new Scenario(withNodes({ a: { ...echo, onFailure: 'continue' }, b: echo }));
    run.fail('a');
    const letters = lettersOf(run).map((letter) => ({ ...letter, attempt: 7 }));
    const { step } = run.rows.head;
    run.mail('retry_letters', { letters, by: null } as never);
    expect(run.rows.head.step).toBe(step);
    run.mail('cancel');
    redo(run);
    expect(run.status).toBe('cancelled');
  });

  test('A10: of a child make the task of its parent wait for it again', () => {
    const run = new Scenario(withNodes({ a: { type: 'subgraph', workflow: 'w' }, b: { ...echo, needs: ['a'] } }));
    const runId = run.rows.sent[0]?.to ?? '';
    const news = { key: 'a#0', epoch: 0, runId };
    run.mail('child_ended', {
      ...news,
      step: 5,
      status: 'failed',
      error: { code: 'boom', message: 'no' },
      output: null,
    });
    expect(run.status).toBe('failed');
    run.mail('child_runs', { ...news, step: 6, reopened: true });
    expect(run.task('a')).toMatchObject({ status: 'waiting', waits: 'child', detail: { runId } });
    run.mail('child_ended', { ...news, step: 9, status: 'succeeded', output: 1 });
    drain(run);
    expect([run.status, run.rows.sent.filter(({ kind }) => kind === 'start').length]).toEqual(['succeeded', 1]);
  });

  test('A10: tell the parent of the run that it goes on', () => {
    const run = new Scenario(withNodes({ a: echo }), { isChild: true });
    run.fail('a');
    redo(run);
    expect(run.rows.sent.at(-1)).toMatchObject({ to: 'parent', kind: 'child_runs', payload: { reopened: true } });
  });

  test('C1, B8: of any run, done again however often, leave nothing that is stuck', () => {
    const graphs: fc.Arbitrary<object> = fc.oneof(arbitraryGraph, superstepGraphs);
    fc.assert(
      fc.property(graphs, arbitraryBatches, (document, batches) => {
        const run = new Scenario(document, { input });
        for (const [index, batch] of batches.entries()) play(run, moveOf(run, batch, index));
        for (let round = 0; round < 3; round++) {
          drain(run);
          verifyEnd(run);
          expect(run.errorCode).not.toBe('deadlock');
          if (run.status === 'cancelled') return;
          redo(run, { by: `round ${round}` });
        }
        drain(run);
        verifyEnd(run);
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});
