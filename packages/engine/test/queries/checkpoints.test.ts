import * as fc from 'fast-check';
import { applyPatch } from 'rfc6902';
import { describe, expect, test } from 'vitest';

import type { StepRecord, TaskFact } from '../../src/domain/index.ts';
import { diffCheckpoints } from '../../src/runtime/queries/checkpoints/diff-checkpoints.ts';
import { listCheckpoints } from '../../src/runtime/queries/checkpoints/list-checkpoints.ts';
import { viewCheckpoint } from '../../src/runtime/queries/checkpoints/view-checkpoint.ts';
import type { CheckpointView } from '../../src/runtime/queries/checkpoints/view-checkpoint.ts';
import { arbitraryDocument, arbitraryStory, input } from '../run/arbitrary-workflow.ts';
import { drain, tell } from '../run/play-story.ts';
import { RecordedRun } from './recorded-run.ts';
import type { Picture } from './recorded-run.ts';

const ALL = { limit: 100_000, skip: 0 };

function at(run: RecordedRun, step: number, window = ALL): Promise<CheckpointView> {
  return viewCheckpoint(run.deps, { tenant: 'acme', runId: run.rows.head.id, step }, window);
}

function diff(run: RecordedRun, from: number, to: number) {
  const { id: runId } = run.rows.head;
  return diffCheckpoints(run.deps, { tenant: 'acme', from: { runId, step: from }, to: { runId, step: to } });
}

/** The checkpoint as far as a picture goes. */
function pictureOf({ status, state, tasks, counters }: CheckpointView): Picture {
  const entries = tasks.map((task) => {
    const { id, attempt, failures, crashes, waits } = task;
    return [task.key, { id, status: task.status, attempt, failures, crashes, ...(waits && { waits }) }] as const;
  });
  return { status, state, tasks: Object.fromEntries(entries), live: counters.live, asking: counters.asking };
}

describe('any run, whatever happened to it', () => {
  test('was at each step what it looked like when that step was the last one', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryDocument, arbitraryStory, async (document, story) => {
        const run = new RecordedRun(document, { input, blind: story.blind });
        for (const batch of story.batches) tell(run, batch);
        drain(run);
        for (const [step, picture] of run.pictures) expect(pictureOf(await at(run, step))).toEqual(picture);
      }),
      { numRuns: 100 },
    );
  });

  test('has diffs whose patch makes one state of the other, and whose tasks are those that differ', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryDocument, arbitraryStory, fc.nat(), fc.nat(), async (document, story, a, b) => {
        const run = new RecordedRun(document, { input });
        for (const batch of story.batches) tell(run, batch);
        const { step: last } = run.rows.head;
        const [from, to] = [1 + (a % last), 1 + (b % last)];
        const [before, after] = [await at(run, from), await at(run, to)];
        const { patch, tasks } = await diff(run, from, to);

        const state = structuredClone(before.state);
        expect(applyPatch(state, patch as Parameters<typeof applyPatch>[1]).filter(Boolean)).toEqual([]);
        expect(state).toEqual(after.state);
        const known = new Map(before.tasks.map((task) => [task.key, task]));
        for (const { key } of tasks.removed) known.delete(key);
        for (const task of tasks.added) known.set(task.key, task);
        for (const change of tasks.changed) known.set(change.after.key, change.after);
        expect(Array.from(known.values())).toEqual(expect.arrayContaining(after.tasks));
        expect(known.size).toBe(after.tasks.length);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a run with', () => {
  const echo = { type: 'task', uses: 'echo' };
  const state = { log: { type: 'array', reducer: 'append', default: [] }, n: { type: 'number', reducer: 'add' } };

  async function verify(run: RecordedRun): Promise<void> {
    expect(run.hasEnded).toBe(true);
    expect(run.pictures.size).toBeGreaterThan(3);
    for (const [step, picture] of run.pictures) expect(pictureOf(await at(run, step))).toEqual(picture);
  }

  test('a loop was at each step what it looked like then', async () => {
    const again = { type: 'route', on: 'state.n < 3.0', routes: { true: 'work', false: '__end__' }, needs: ['work'] };
    const run = new RecordedRun({ name: 'loop', state, nodes: { work: { ...echo, output: 'log' }, again } });
    for (let n = 1; n <= 3; n++) run.succeed('work', n, { stateUpdates: { n: 1, log: `round ${n}` } });

    await verify(run);
    expect(await at(run, run.rows.head.step)).toMatchObject({ state: { n: 3 }, counters: { generations: 2 } });
  });

  test('a send whose item fails and is tried again was at each step what it looked like then', async () => {
    const each = { type: 'send', items: [1, 2, 3], target: 'work', concurrency: 2, onItemFailure: 'fail' };
    const run = new RecordedRun({ name: 'send', state, nodes: { each, work: { ...echo, output: 'log' } } });
    run.goOn();
    run.succeed('each#0[1]/work#0', 'b');
    run.fail('each#0[0]/work#0');
    run.mail('retry');
    for (const item of [0, 2]) run.succeed(`each#0[${item}]/work#0`, item);

    await verify(run);
  });

  test('questions, a retry and an update from outside was at each step what it looked like then', async () => {
    const nodes = {
      ask: { type: 'interrupt' },
      work: { ...echo, retry: { maxAttempts: 2 } },
      both: { ...echo, needs: ['ask', 'work'], output: 'log' },
    };
    const run = new RecordedRun({ name: 'questions', state, nodes });
    run.goOn();
    run.fail('work', { retryable: true });
    run.fire('work', 'retry');
    run.succeed('work');
    expect(run.status).toBe('interrupted');
    run.mail('inject', { updates: { log: 'from outside' }, afterNode: null });
    const { detail } = run.task('ask');
    const id = detail?.kind === 'question' ? detail.id : '';
    run.mail('answer', { answers: { [id]: true }, stateUpdates: null, by: 'ann' });
    run.succeed('both', 'done');

    await verify(run);
  });
});

describe('what comes next', () => {
  const document = {
    name: 'next',
    state: { seen: { type: 'array', reducer: 'append', default: [] } },
    nodes: {
      a: { type: 'task', uses: 'echo', output: 'seen' },
      b: { type: 'task', uses: 'echo', retry: { maxAttempts: 2 } },
      both: { type: 'task', uses: 'echo', needs: ['a', 'b'] },
      ask: { type: 'interrupt', message: 'go on?' },
      pause: { type: 'wait', ms: 60_000 },
    },
  };

  test('is what could run, what waits and for what, and what some edges have still to end for', async () => {
    const run = new RecordedRun(document);
    run.goOn();
    run.succeed('a', 1);
    run.fail('b', { retryable: true });
    const { next, counters, state } = await at(run, run.rows.head.step);

    expect(state).toEqual({ seen: [1] });
    expect(next.toSorted((a, b) => (a.node < b.node ? -1 : 1))).toEqual([
      { key: 'ask#0', node: 'ask', iteration: 0, status: 'waiting', waits: 'answer' },
      { key: 'b#0', node: 'b', iteration: 0, status: 'waiting', waits: 'retry', dueAt: expect.any(String) },
      { key: 'both#0', node: 'both', iteration: 0, status: 'pending', waits: 'edges', edges: { ended: 1, total: 2 } },
      { key: 'pause#0', node: 'pause', iteration: 0, status: 'waiting', waits: 'time', dueAt: expect.any(String) },
    ]);
    expect(counters).toMatchObject({ next: 4, live: 2, asking: 1, openJoins: 1, tasks: { succeeded: 1, waiting: 3 } });
  });

  test('is nothing after the end', async () => {
    const run = new RecordedRun(document);
    run.goOn();
    run.mail('cancel');
    const { status, next, tasks } = await at(run, run.rows.head.step);

    expect([status, next]).toEqual(['cancelled', []]);
    expect(new Set(tasks.map((task) => task.status))).toEqual(new Set(['cancelled']));
  });

  test('of a send is how far it has come', async () => {
    const run = new RecordedRun({
      name: 'sends',
      nodes: {
        each: { type: 'send', items: [1, 2, 3], target: 'work', concurrency: 2 },
        work: { type: 'task', uses: 'echo' },
      },
    });
    run.goOn();
    run.succeed('each#0[0]/work#0', 1);
    const { next, tasks } = await at(run, run.rows.head.step);

    expect(next).toMatchObject([
      { key: 'each#0', status: 'waiting', waits: 'items', items: { begun: 3, ended: 1 } },
      { key: 'each#0[1]/work#0', node: 'work', item: 1, status: 'ready' },
      { key: 'each#0[2]/work#0', node: 'work', item: 2, status: 'ready' },
    ]);
    expect(tasks).toHaveLength(4);
  });

  test('is told in part where it is much, and says how much; so are tasks', async () => {
    const nodes = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`n${n}`, { type: 'task', uses: 'echo' }]));
    const run = new RecordedRun({ name: 'wide', nodes });
    const first = await at(run, 1, { limit: 250, skip: 0 });
    const second = await at(run, 1, { limit: 250, skip: 250 });

    expect([first.next.length, first.counters.next]).toEqual([200, 300]);
    expect([first.tasks.length, first.nextSkip, second.tasks.length, second.nextSkip]).toEqual([250, 250, 50, null]);
    expect(new Set([...first.tasks, ...second.tasks].map(({ key }) => key)).size).toBe(300);
  });
});

describe('a journal with branches', () => {
  const fact = (key: string, status: TaskFact['status']): TaskFact => ({ key, status, attempt: 1 });

  /** Steps 4 and 5 were left: step 6 goes on from step 3. */
  function branched(): RecordedRun {
    const run = new RecordedRun({
      name: 'branched',
      state: { log: { type: 'array', reducer: 'append', default: [] } },
      nodes: { a: { type: 'task', uses: 'echo' }, b: { type: 'task', uses: 'echo' } },
    });
    const { rows } = run;
    rows.steps.length = 0;
    const facts = [
      { run: { status: 'running' as const }, tasks: [fact('a#0', 'ready')] },
      { writes: ['log'] },
      { tasks: [fact('a#0', 'succeeded'), fact('b#0', 'ready')] },
      { writes: ['log'], tasks: [fact('b#0', 'failed')] },
      { run: { status: 'failed' as const } },
      { run: { status: 'running' as const, epoch: 1 }, tasks: [fact('b#0', 'ready')] },
      { writes: ['log'], tasks: [fact('b#0', 'succeeded')] },
    ];
    const none = { node: null, key: null, taskId: null, attempt: null, worker: null };
    for (const [index, part] of facts.entries()) {
      const step = index + 1;
      const parent = step === 6 ? 3 : step - 1;
      const type = step === 6 ? ('retried' as const) : ('task_succeeded' as const);
      rows.steps.push({ ...none, step, parent, epoch: 0, type, at: 0, facts: { v: 1, ...part } } satisfies StepRecord);
      if ('writes' in part) rows.writes.push({ channel: 'log', step, kind: 'delta', value: `step ${step}` });
    }
    rows.head = { ...rows.head, step: 7 };
    return run;
  }

  test('is folded along the parents: what was left changes nothing', async () => {
    const run = branched();

    expect(await at(run, 5)).toMatchObject({ status: 'failed', state: { log: ['step 2', 'step 4'] } });
    expect(await at(run, 7)).toMatchObject({
      status: 'running',
      state: { log: ['step 2', 'step 7'] },
      tasks: [
        { key: 'a#0', status: 'succeeded' },
        { key: 'b#0', status: 'succeeded' },
      ],
    });
  });

  test('is compared across its branches', async () => {
    const { patch, tasks, from, to } = await diff(branched(), 5, 7);

    expect(patch).toEqual([{ op: 'replace', path: '/log/1', value: 'step 7' }]);
    expect(tasks.changed).toMatchObject([{ before: { status: 'failed' }, after: { key: 'b#0', status: 'succeeded' } }]);
    expect([from.status, to.status]).toEqual(['failed', 'running']);
  });

  test('is listed with the status that each step goes on from', async () => {
    const { deps, rows } = branched();
    const run = { tenant: 'acme', id: rows.head.id };
    const list = await listCheckpoints(deps, run, { limit: 10, after: null });
    const page = await listCheckpoints(deps, run, { limit: 1, after: { step: 4, status: 'running' } });

    expect(list?.items.map(({ step, parent, status }) => [step, parent, status])).toEqual([
      [1, 0, 'running'],
      [2, 1, 'running'],
      [3, 2, 'running'],
      [4, 3, 'running'],
      [5, 4, 'failed'],
      [6, 3, 'running'],
      [7, 6, 'running'],
    ]);
    expect(page).toMatchObject({ items: [{ step: 5, status: 'failed' }], next: { step: 5, status: 'failed' } });
  });
});

describe('a step that does not exist', () => {
  test('is not found', async () => {
    const run = new RecordedRun({ name: 'one', nodes: { a: { type: 'task', uses: 'echo' } } });

    await expect(at(run, 2)).rejects.toMatchObject({ code: 'not_found', message: expect.stringContaining('step 2') });
    await expect(diff(run, 1, 99)).rejects.toMatchObject({ code: 'not_found' });
  });
});
