import { describe, expect, test } from 'vitest';
import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

describe('a run that is quiet', () => {
  test('B8: ends when nothing is live, not before', () => {
    const run = new Scenario(withNodes({ a: echo, b: { ...echo, retry: { maxAttempts: 2 } } }));
    run.succeed('a');
    run.fail('b', { retryable: true });
    expect([run.status, run.rows.head.live]).toEqual(['running', 1]);
    run.fire('b', 'retry');
    run.succeed('b');
    expect([run.status, run.rows.head.live]).toEqual(['succeeded', 0]);
    expect(run.rows.ending).toEqual({ error: null });
  });

  test('B8: ends in its first decision when it needs no worker', () => {
    const run = new Scenario(withNodes({ t: { type: 'transform', updates: {} } }));
    expect(run.journal()).toEqual(['run_started', 'task_succeeded t', 'run_ended']);
    expect(run.status).toBe('succeeded');
  });

  test('B8: fails with tasks_failed where a branch has failed', () => {
    const run = new Scenario(
      withNodes({ a: { ...echo, onFailure: 'skipDependents' }, b: { ...echo, onFailure: 'skipDependents' } }),
    );
    run.fail('a');
    run.succeed('b');
    expect([run.status, run.errorCode, run.rows.head.failed]).toEqual(['failed', 'tasks_failed', 1]);
  });

  test('B8: joins that are left open are a deadlock', () => {
    const run = new Scenario(withNodes({ a: echo }));
    run.rows.head = { ...run.rows.head, openJoins: 1 };
    expect(() => run.succeed('a')).toThrow(/head: stored .*"openJoins":1/);
    expect([run.status, run.errorCode]).toEqual(['failed', 'deadlock']);
  });
});

describe('the output of a run', () => {
  const state = { n: { type: 'number', reducer: 'add', default: 0 } };

  test('B8: is rendered from input, config, state and results as of its end', () => {
    const output = { in: '${input.x}', config: '${config.y}', n: '${state.n}', a: '${a}', b: '${b.error.code}' };
    const run = new Scenario(withNodes({ a: echo, b: { ...echo, onFailure: 'continue' } }, { state, output }), {
      input: { x: 1 },
      config: { y: 2 },
      blind: true,
    });
    run.succeed('a', 'A', { stateUpdates: { n: 5 } });
    run.fail('b');
    expect(run.rows.ending).toEqual({ error: null, output: { in: 1, config: 2, n: 5, a: 'A', b: 'boom' } });
    expect(run.rounds).toBeLessThanOrEqual(3);
  });

  test('B8: reads hundreds of results in a few rounds', () => {
    const names = Array.from({ length: 300 }, (_, i) => `n${i}`);
    const nodes = Object.fromEntries(names.map((name) => [name, echo]));
    const run = new Scenario(withNodes(nodes, { output: names.map((name) => `\${${name}}`) }), { blind: true });
    for (const name of names) run.settle(run.success(name, name));
    expect(run.rounds).toBeLessThanOrEqual(3);
    expect(run.rows.ending?.output).toEqual(names);
  });

  test('B8: that cannot be rendered fails the run, which has no output then', () => {
    const run = new Scenario(withNodes({ a: echo }, { output: '{{ nodes.a | date: "%Y" }}' }));
    run.succeed('a', 'now');
    expect([run.status, run.errorCode]).toEqual(['failed', 'template_failed']);
    expect(run.rows.ending).not.toHaveProperty('output');
    run.mail('retry');
    expect([run.status, run.rows.head.epoch]).toEqual(['failed', 1]);
  });

  test('B8: of a run whose tasks have failed is not rendered', () => {
    const run = new Scenario(withNodes({ a: { ...echo, onFailure: 'skipDependents' } }, { output: '${a}' }));
    run.fail('a');
    expect(run.rows.ending).not.toHaveProperty('output');
  });
});
