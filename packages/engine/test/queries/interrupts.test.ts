import type { WorkflowDocument } from '@weft/contract';
import { beforeEach, describe, expect, test } from 'vitest';

import type { JoinRecord, TaskDetail, Waits } from '../../src/domain/run/records.ts';
import { taskId } from '../../src/domain/ids.ts';
import { explainTask } from '../../src/runtime/queries/explain-task.ts';
import type { ExplainDeps } from '../../src/runtime/queries/explain-task.ts';
import { listInterrupts } from '../../src/runtime/queries/list-interrupts.ts';
import { viewRun } from '../../src/runtime/queries/view-run.ts';
import type { RunQueryDeps } from '../../src/runtime/queries/view-run.ts';
import { viewTask } from '../../src/runtime/queries/view-task.ts';
import { fakeRuns, uuid } from '../runtime/fake-runs.ts';

const document: WorkflowDocument = {
  name: 'asking',
  nodes: {
    ask: { type: 'interrupt', answerSchema: { type: 'boolean' } },
    work: { type: 'task', uses: 'echo' },
    child: { type: 'subgraph', workflow: 'asking' },
    each: { type: 'send', items: [1], target: 'work' },
    wait: { type: 'wait', ms: 1 },
  },
};

let mesh: ReturnType<typeof fakeRuns>;
let deps: RunQueryDeps;
beforeEach(() => {
  mesh = fakeRuns();
  deps = { reader: mesh.deps.reader, loadGraph: (ref) => mesh.deps.graphs.load(ref) };
});

describe('a run that asks', () => {
  test('shows its open questions and those of its interrupted children', async () => {
    const run = mesh.add(1, document, { status: 'interrupted', asking: 3 });
    const [child, busy] = [mesh.add(2, document, { status: 'interrupted', asking: 1 }), mesh.add(3, document)];
    mesh.wait(run, {
      id: uuid(50),
      node: 'child',
      waits: 'child_answer',
      detail: { kind: 'child', runId: child, seen: 0 },
    });
    mesh.wait(run, { id: uuid(51), node: 'child', waits: 'child', detail: { kind: 'child', runId: busy, seen: 0 } });
    const [own, before, its] = [
      mesh.ask(run, 10, 'ask'),
      mesh.ask(run, 20, 'work', 'before'),
      mesh.ask(child, 30, 'ask'),
    ];
    mesh.ask(busy, 40, 'ask');

    expect((await viewRun(deps, 'default', run))?.interrupts).toMatchObject([
      {
        id: own,
        runId: run,
        taskId: uuid(11),
        key: 'ask#0',
        at: 'node',
        message: 'ask?',
        answerSchema: { type: 'boolean' },
        expiresAt: null,
      },
      { id: before, runId: run, node: 'work', at: 'before', answerSchema: null },
      { id: its, runId: child, node: 'ask' },
    ]);
  });

  test('shows none that are answered, and reads nothing where nothing is asked', async () => {
    const run = mesh.add(1, document, { asking: 1 });
    mesh.answer(run, mesh.ask(run, 10, 'ask'));
    expect(await viewRun(deps, 'default', run)).not.toHaveProperty('interrupts');

    const quiet = mesh.add(2, document);
    mesh.deps.reader.waiting = async () => Promise.reject(new Error('it was read'));
    expect(await viewRun(deps, 'default', quiet)).not.toHaveProperty('interrupts');
  });

  test('names its parent by run and task', async () => {
    const parent = { runId: uuid(9), key: 'child#0', epoch: 2, depth: 1 };
    const run = mesh.add(1, document, { parent });

    expect((await viewRun(deps, 'default', run))?.parent).toEqual({
      runId: uuid(9),
      taskId: taskId(uuid(9), 2, 'child#0'),
    });
  });
});

test('the questions of all runs are listed page after page, newest last', async () => {
  const [a, b] = [mesh.add(1, document), mesh.add(2, document)];
  const asked = [mesh.ask(a, 10, 'ask'), mesh.ask(b, 20, 'ask'), mesh.ask(a, 30, 'work', 'after')];
  const first = await listInterrupts(deps, { tenant: 'default', limit: 2, afterId: null });
  const second = await listInterrupts(deps, { tenant: 'default', limit: 2, afterId: first.nextCursor });

  expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(asked);
  expect(first.nextCursor).toBe(uuid(21));
  expect(second.nextCursor).toBeNull();
});

describe('a waiting task', () => {
  const dueAt = Date.UTC(2026, 1, 1);
  const until = '2026-02-01T00:00:00.000Z';
  const question = {
    kind: 'question' as const,
    id: uuid(8),
    at: 'node' as const,
    message: 'Ship it?',
    expiresAt: dueAt,
  };
  const cases: [string, Waits, TaskDetail | null, object, object][] = [
    [
      'ask',
      'answer',
      question,
      { dueAt: until },
      { code: 'answer_wait', details: { interruptId: uuid(8), until }, message: /Ship it\?$/ },
    ],
    [
      'work',
      'answer',
      { ...question, at: 'before' },
      { dueAt: until },
      { code: 'answer_wait', message: /breakpoint before it/ },
    ],
    [
      'wait',
      'time',
      { kind: 'wait', dueAt, signal: null },
      { dueAt: until },
      { code: 'time_wait', details: { until } },
    ],
    [
      'wait',
      'signal',
      { kind: 'wait', dueAt, signal: 'paid' },
      { dueAt: until },
      { code: 'signal_wait', details: { signal: 'paid', until } },
    ],
    [
      'child',
      'child',
      { kind: 'child', runId: uuid(2), seen: 0 },
      { childRunId: uuid(2) },
      { code: 'child_wait', details: { runId: uuid(2), status: 'running' } },
    ],
    [
      'each',
      'items',
      { kind: 'items', total: 9 },
      {},
      { code: 'items_wait', details: { total: 9, begun: 5, ended: 2 } },
    ],
    ['work', 'retry', null, {}, { code: 'retry_wait' }],
    ['work', 'retry', { ...question, at: 'before' }, {}, { code: 'retry_wait' }],
  ];

  test.each(cases)('%s that waits for %s says so', async (node, waits, detail, shown, reason) => {
    const run = mesh.add(1, document);
    mesh.add(2, document);
    const { id } = mesh.wait(run, { id: uuid(50), node, waits, detail });
    const progress: JoinRecord = { key: 'each#0[]', ended: 2, taken: 5, failed: 0, fired: false };
    mesh.deps.reader.joins = async () => [{ ...progress, key: 'each#1[]', taken: 1 }, progress];
    const [why] = (await explainTask({ reader: mesh.deps.reader } as ExplainDeps, 'default', id)) ?? [];

    expect(why).toMatchObject(reason);
    const task = await viewTask(deps, 'default', id);
    expect(task).toMatchObject({ status: 'waiting', waits, ...shown });
    expect(Object.hasOwn(task ?? {}, 'dueAt')).toBe(Object.hasOwn(shown, 'dueAt'));
  });

  test('of a run that has ended waits for nothing', async () => {
    const run = mesh.add(1, document, { status: 'cancelled' });
    const { id } = mesh.wait(run, { id: uuid(50), node: 'ask', waits: 'answer', detail: question });

    expect(await viewTask(deps, 'default', id)).not.toHaveProperty('waits');
  });
});
