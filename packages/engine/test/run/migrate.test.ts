import { describe, expect, test } from 'vitest';
import { echo, withNodes } from '../validate/documents.ts';
import { Scenario } from './scenario.ts';

const after = (...needs: string[]) => ({ ...echo, needs });
const says = (text: unknown, ...needs: string[]) => ({ ...after(...needs), with: text });
const count = { n: { type: 'number', reducer: 'add', default: 0 } };

describe('a run that moves to another version', () => {
  test('C1: takes one step that says from which version to which, and goes on by the new one', () => {
    const run = new Scenario(withNodes({ a: echo, b: says('old', 'a') }));
    expect(run.migrate(withNodes({ a: echo, b: says('new ${a}', 'a'), c: after('b') }))).toBe(true);
    expect(run.rows.steps.at(-1)).toMatchObject({
      type: 'migrated',
      facts: { mail: expect.any(String), migrated: { from: 1, to: 2 } },
    });
    run.succeed('a', 'A');
    expect(run.input('b')).toBe('new A');
    run.succeed('b');
    run.succeed('c');
    expect(run.status).toBe('succeeded');
  });

  test('is as the straight run, step for step, where only its description changes', () => {
    const nodes = { a: echo, b: { ...says('${a}', 'a'), output: 'n' }, c: after('a', 'b') };
    const straight = new Scenario(withNodes(nodes, { state: count }));
    const moved = new Scenario(withNodes(nodes, { state: count }));
    moved.migrate(withNodes(nodes, { state: count, description: 'other' }));
    for (const node of ['a', 'b', 'c']) for (const run of [straight, moved]) run.succeed(node, 2);
    expect(moved.journal().filter((line) => line !== 'migrated')).toEqual(straight.journal());
    expect(moved.rows.channel('n')?.deltas).toEqual(straight.rows.channel('n')?.deltas);
    expect(moved.claims).toEqual(straight.claims);
  });

  test('does so only if its last step is the one that was looked at', () => {
    const run = new Scenario(withNodes({ a: echo }));
    expect(run.migrate(withNodes({ a: echo, b: after('a') }), 99)).toBe(false);
    expect(run.migrate(withNodes({ a: echo, b: after('a') }), run.rows.head.step)).toBe(true);
  });

  test('changes nothing where it does not fit, has ended well, or the version is not there', () => {
    const run = new Scenario(withNodes({ a: echo }));
    const steps = run.rows.steps.length;
    expect(run.migrate(withNodes({ a: { type: 'transform', updates: {} } }))).toBe(false);
    run.mail('migrate', { version: 77, ifStep: null });
    expect([run.rows.steps.length, run.rows.mail]).toEqual([steps, []]);
    run.succeed('a');
    expect(run.migrate(withNodes({ a: echo, b: after('a') }))).toBe(false);
    expect(run.journal().at(-1)).toBe('run_ended');
  });

  test('may come back to a version that it has followed', () => {
    const first = withNodes({ a: echo, b: after('a') });
    const run = new Scenario(first);
    run.migrate(withNodes({ a: echo, b: after('a'), c: after('b') }));
    expect(run.migrate(first)).toBe(true);
    run.succeed('a');
    run.succeed('b');
    expect([run.status, run.rows.head.workflow.version]).toEqual(['succeeded', 3]);
  });
});

describe('what is ready when its run moves', () => {
  test('A5, A7: is handed out anew where the new version has it do something else; the outcome of the old one is refused', () => {
    const state = { n: { type: 'number', default: 1 }, m: { type: 'number', default: 5 } };
    const run = new Scenario(withNodes({ a: { ...says('${state.n}'), tags: ['old'] }, b: echo }, { state }));
    const late = run.success('a', 'late');
    expect(run.migrate(withNodes({ a: { ...says('${state.m}'), tags: ['new'] }, b: echo }, { state }))).toBe(true);
    expect(run.task('a')).toMatchObject({ status: 'ready', attempt: 2, lane: 'new', captured: { m: 5 } });
    expect(run.last.ready.map(({ key }) => key)).toEqual(['a#0']);
    expect(run.run(late)).toEqual([false]);
    run.succeed('a', 'new');
    expect(run.task('a').output).toBe('new');
  });

  test('A5: stays handed out where the new version leaves it alone', () => {
    const run = new Scenario(withNodes({ a: echo, b: after('a') }));
    const claimed = run.success('a', 'A');
    run.migrate(
      withNodes({ a: { ...echo, retry: { maxAttempts: 3 }, output: 'n' }, b: says('${a}', 'a') }, { state: count }),
    );
    expect([run.task('a').attempt, run.last.ready]).toEqual([1, []]);
    run.run({ ...claimed, outcome: { kind: 'succeeded', output: 3 } } as typeof claimed);
    // What becomes of the result is as the new version says.
    expect(run.rows.channel('n')?.deltas).toEqual([3]);
  });

  test('gets its next attempt at once where the new version changes what had failed', () => {
    const run = new Scenario(withNodes({ a: { ...says('bad'), retry: { maxAttempts: 3 } } }));
    run.fail('a', { retryable: true });
    expect(run.task('a').waits).toBe('retry');
    run.migrate(withNodes({ a: { ...says('good'), retry: { maxAttempts: 3 } } }));
    expect(run.task('a')).toMatchObject({ status: 'ready', attempt: 3, failures: 0 });
    expect([...run.rows.timers.keys()]).toEqual([]);
  });

  test('C2: keeps the ephemeral values that only the step before had shown it', () => {
    const state = { scratch: { type: 'any', ephemeral: true } };
    const run = new Scenario(withNodes({ a: echo, b: says('old ${state.scratch}', 'a') }, { state }));
    run.succeed('a', null, { stateUpdates: { scratch: 'seen' } });
    run.migrate(withNodes({ a: echo, b: says('new ${state.scratch}', 'a') }, { state }));
    expect(run.input('b')).toBe('new seen');
  });
});

describe('a run that has failed', () => {
  test('B3: takes up by a retry what has failed, as the new version says', () => {
    const route = { type: 'route', on: 'input.kind', routes: { a: 'end' }, needs: ['start'] };
    const run = new Scenario(withNodes({ start: echo, route, end: echo }), { input: { kind: 'b' } });
    run.succeed('start');
    expect([run.status, run.errorCode]).toEqual(['failed', 'route_no_match']);
    expect(run.migrate(withNodes({ start: echo, route: { ...route, on: '"a"' }, end: echo }))).toBe(true);
    expect(run.status).toBe('failed');
    run.mail('retry');
    run.succeed('end');
    expect(run.status).toBe('succeeded');
  });

  test('A7: reads then what the new version has it read', () => {
    const state = { n: { type: 'number', default: 1 }, m: { type: 'number', default: 5 } };
    const run = new Scenario(withNodes({ a: says('${state.n}'), b: echo }, { state }));
    run.fail('a');
    expect(run.task('b').status).toBe('cancelled');
    run.migrate(
      withNodes({ a: { ...says('${state.m}'), tags: ['other'] }, b: { ...echo, tags: ['other'] } }, { state }),
    );
    run.mail('retry');
    expect([run.input('a'), run.task('a').lane, run.task('b').lane]).toEqual([5, 'other', 'other']);
  });
});

describe('the state of a run that moves', () => {
  test('C2: keeps what was written; a key that was not, and a new one, are as the new version says', () => {
    const run = new Scenario(
      withNodes({ a: echo, b: after('a') }, { state: { ...count, u: { type: 'any', default: 'old' } } }),
    );
    run.succeed('a', null, { stateUpdates: { n: 2 } });
    const state = {
      ...count,
      u: { type: 'array', reducer: 'append', default: ['new'] },
      k: { type: 'any', default: 'key' },
    };
    expect(
      run.migrate(
        withNodes({ a: echo, b: after('a'), c: says(['${state.n}', '${state.u}', '${state.k}'], 'b') }, { state }),
      ),
    ).toBe(true);
    run.succeed('b', null, { stateUpdates: { u: 'more' } });
    expect(run.input('c')).toEqual([2, ['new', 'more'], 'key']);
  });
});

describe('B4: a loop that has begun', () => {
  const way = { way: { type: 'any', default: 'back' } };
  const again = { type: 'route', on: 'state.way', routes: { back: 'work', on: 'next' }, needs: ['work'] };

  test('goes on in the new version, and what nobody has read so far is read as it settled last', () => {
    const run = new Scenario(withNodes({ work: echo, again, next: echo }, { state: way }));
    run.succeed('work', 'first');
    run.succeed('work', 'second', { stateUpdates: { way: 'on' } });
    run.migrate(withNodes({ work: echo, again, next: says('${work}') }, { state: way }));
    expect(run.input('next')).toBe('second');
    run.succeed('next');
    expect(run.status).toBe('succeeded');
  });

  test('does not lose or gain nodes that have run', () => {
    const run = new Scenario(withNodes({ other: echo, work: echo, again, next: echo }, { state: way }));
    run.succeed('work');
    run.succeed('other');
    const nodes = { other: echo, work: after('other'), again, next: echo };
    expect(run.misfits(withNodes(nodes, { state: way }))).toEqual([]);
    const gains = { other: { ...echo, needs: ['work'] }, work: echo, again, next: echo };
    expect(run.misfits(withNodes(gains, { state: way }))).toEqual(['loop_changed /nodes/other']);
  });
});
