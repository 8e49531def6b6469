import { describe, expect, test } from 'vitest';
import { NOW, Scenario } from './scenario.ts';

function waiting(parts: object): object {
  return {
    name: 'waiting',
    nodes: {
      pause: { type: 'wait', ...parts },
      next: { type: 'task', uses: 'echo', needs: ['pause'], with: { got: '${pause}' } },
    },
  };
}

describe('wait', () => {
  test('A12: for a duration: the timer lets it go on', () => {
    const run = new Scenario(waiting({ ms: 5000 }));
    expect(run.task('pause')).toMatchObject({ status: 'waiting', waits: 'time' });
    expect(run.rows.head).toMatchObject({ live: 1, asking: 0, status: 'running' });
    expect(run.rows.timers.get('wait pause#0')?.dueAt).toBe(NOW + 5000);
    run.fire('pause', 'wait');
    expect(run.statuses['next']).toBe('ready');
  });

  test('A12: until an instant, which may be a template; one that has passed is over at once', () => {
    const at = new Date(NOW + 60_000).toISOString();
    const run = new Scenario(waiting({ until: '${input.at}' }), { input: { at } });
    expect(run.rows.timers.get('wait pause#0')?.dueAt).toBe(NOW + 60_000);
    expect(new Scenario(waiting({ until: '2001-01-01T00:00:00Z' })).statuses['pause']).toBe('succeeded');
    expect(new Scenario(waiting({ until: '${input.at}' }), { input: { at: 'soon' } }).errorCode).toBe('bad_until');
  });

  test('A10: for a signal, whose payload is its output', () => {
    const run = new Scenario(waiting({ signal: 'paid' }));
    run.mail('signal', { name: 'other', payload: 1 });
    expect(run.statuses['pause']).toBe('waiting');
    run.mail('signal', { name: 'paid', payload: { amount: 0 } });
    expect(run.input('next')).toEqual({ got: { amount: 0 } });
    expect(run.rows.timers.size).toBe(0);
    expect(run.rows.head.kept).toBe(1);
  });

  test('A10: a signal that comes before its wait is kept, and each is taken once', () => {
    const run = new Scenario({
      name: 'early',
      nodes: {
        work: { type: 'task', uses: 'echo' },
        one: { type: 'wait', signal: 'go', needs: ['work'] },
        two: { type: 'wait', signal: 'go', needs: ['one'] },
      },
    });
    run.mail('signal', { name: 'go', payload: 1 });
    expect(run.rows.head.kept).toBe(1);
    run.succeed('work');
    expect(run.task('one')).toMatchObject({ status: 'succeeded', output: 1 });
    expect(run.task('two').status).toBe('waiting');
    expect(run.rows.head.kept).toBe(0);
    run.mail('signal', { name: 'go', payload: 2 });
    expect(run.task('two').output).toBe(2);
    expect(run.status).toBe('succeeded');
  });

  test('A10: a signal wakes the one that has waited for it the longest', () => {
    const run = new Scenario({
      name: 'queue',
      nodes: {
        first: { type: 'wait', signal: 'go' },
        work: { type: 'task', uses: 'echo' },
        second: { type: 'wait', signal: 'go', needs: ['work'] },
      },
    });
    run.succeed('work');
    run.mail('signal', { name: 'go', payload: 1 });
    expect(run.statuses).toMatchObject({ first: 'succeeded', second: 'waiting' });
  });

  test('A12: a signal that does not come in time fails its wait', () => {
    const run = new Scenario(waiting({ signal: 'paid', timeoutMs: 1000 }));
    run.fire('pause', 'wait');
    expect(run.errorCode).toBe('signal_timeout');
  });

  test('a wait in every item of a send', () => {
    const run = new Scenario({
      name: 'each',
      nodes: { each: { type: 'send', items: ['a', 'b'], target: 'pause' }, pause: { type: 'wait', signal: 'go' } },
    });
    run.mail('signal', { name: 'go', payload: 1 });
    run.mail('signal', { name: 'go', payload: 2 });
    expect(run.status).toBe('succeeded');
    expect(run.rows.itemsOf('each#0')).toEqual([1, 2]);
  });
});

describe('injected state', () => {
  const chain = {
    name: 'chain',
    state: { n: { type: 'number', reducer: 'add' } },
    nodes: {
      a: { type: 'task', uses: 'echo' },
      b: { type: 'task', uses: 'echo', needs: ['a'], with: { n: '${state.n}' } },
    },
  };

  test('A10: now, through the reducer, and two at once: none is lost', () => {
    const run = new Scenario(chain);
    run.rows.send('inject', { updates: { n: 2 }, afterNode: null }, 'i1');
    run.rows.send('inject', { updates: { n: 3 }, afterNode: null }, 'i2');
    run.run(run.success('a'));
    expect(run.input('b')).toEqual({ n: 5 });
    expect(run.journal()).toEqual(['run_started', 'state_injected', 'state_injected', 'task_succeeded a']);
  });

  test('A10: after a node, and before what follows it is armed', () => {
    const run = new Scenario(chain);
    run.mail('inject', { updates: { n: 7 }, afterNode: 'a' });
    expect(run.rows.head.kept).toBe(1);
    run.succeed('a');
    expect(run.input('b')).toEqual({ n: 7 });
    expect(run.rows.head.kept).toBe(0);
    expect(run.journal(2)).toEqual(['state_injected', 'task_succeeded a', 'state_injected']);
  });

  test('A10: after a node that has settled already it applies now', () => {
    const run = new Scenario(chain);
    run.succeed('a');
    run.mail('inject', { updates: { n: 7 }, afterNode: 'a' });
    expect(run.rows.channel('n')?.deltas).toEqual([7]);
  });
});

describe('deferred nodes', () => {
  test('B8: run when nothing else can, also when sends and questions are pending', () => {
    const run = new Scenario({
      name: 'late',
      nodes: {
        each: { type: 'send', items: [1, 2], target: 'work' },
        work: { type: 'task', uses: 'echo' },
        ask: { type: 'interrupt' },
        tidy: { type: 'task', uses: 'echo', defer: true, needs: ['quick'] },
        note: { type: 'transform', updates: {}, defer: true },
        quick: { type: 'task', uses: 'echo' },
      },
    });
    run.succeed('quick');
    expect(run.statuses['tidy']).toBeUndefined();
    run.succeed('each#0[0]/work#0');
    run.succeed('each#0[1]/work#0');
    expect(run.status).toBe('interrupted');
    const { detail } = run.task('ask');
    run.mail('answer', {
      answers: { [detail?.kind === 'question' ? detail.id : '']: 1 },
      stateUpdates: null,
      by: null,
    });
    expect(run.statuses).toMatchObject({ tidy: 'ready', note: 'succeeded' });
    run.succeed('tidy');
    expect(run.status).toBe('succeeded');
  });

  test('B8: what follows a deferred node runs after it', () => {
    const run = new Scenario({
      name: 'late',
      nodes: {
        work: { type: 'task', uses: 'echo' },
        tidy: { type: 'task', uses: 'echo', defer: true, needs: ['work'] },
        end: { type: 'task', uses: 'echo', needs: ['tidy'] },
        other: { type: 'task', uses: 'echo' },
      },
    });
    run.succeed('work');
    run.succeed('other');
    run.succeed('tidy');
    expect(run.statuses['end']).toBe('ready');
  });
});

describe('child runs', () => {
  const parent = {
    name: 'parent',
    nodes: {
      child: { type: 'subgraph', workflow: 'sub', input: { x: '${input.x}' } },
      next: { type: 'task', uses: 'echo', needs: ['child'], with: { got: '${child}' } },
    },
  };
  const childOf = (run: Scenario): string => {
    const { detail } = run.task('child');
    return detail?.kind === 'child' ? detail.runId : '';
  };
  const news = (run: Scenario, parts: object) => ({ key: 'child#0', epoch: 0, runId: childOf(run), step: 5, ...parts });

  test('A10: are asked for by mail to a run that does not exist yet, and their end comes by mail', () => {
    const run = new Scenario(parent, { input: { x: 4 } });
    expect(run.rows.sent).toMatchObject([
      { to: childOf(run), kind: 'start', payload: { workflow: { name: 'sub', version: null }, input: { x: 4 } } },
    ]);
    expect(run.status).toBe('running');
    run.mail('child_ended', news(run, { status: 'succeeded', output: { y: 1 }, error: null }));
    expect(run.input('next')).toEqual({ got: { y: 1 } });
  });

  test('B8: the questions of a child interrupt its parent as well', () => {
    const run = new Scenario(parent);
    run.mail('child_asks', news(run, {}));
    expect(run.status).toBe('interrupted');
    run.mail('child_runs', news(run, { step: 6 }));
    expect(run.status).toBe('running');
    run.mail('child_asks', news(run, { step: 4 }));
    expect(run.status).toBe('running');
  });

  test('a child that fails fails its node', () => {
    const run = new Scenario(parent);
    run.mail(
      'child_ended',
      news(run, { status: 'failed', output: null, error: { code: 'boom', message: 'it broke' } }),
    );
    expect(run.status).toBe('failed');
    expect(run.errorCode).toBe('child_failed');
    run.mail('retry');
    expect(run.rows.sent.filter(({ kind }) => kind === 'start').length).toBe(2);
  });

  test('a parent that ends cancels its children, unless they are to go on', () => {
    const run = new Scenario(parent);
    const child = childOf(run);
    run.mail('cancel');
    expect(run.rows.sent.at(-1)).toMatchObject({ to: child, kind: 'cancel' });
    const node = { ...parent.nodes.child, onParentClose: 'abandon' };
    const other = new Scenario({ ...parent, nodes: { ...parent.nodes, child: node } });
    other.mail('cancel');
    expect(other.rows.sent.length).toBe(1);
  });
});
