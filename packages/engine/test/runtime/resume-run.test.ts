import type { Json, WorkflowDocument } from '@weft/contract';
import { beforeEach, describe, expect, test } from 'vitest';

import { createSteering } from '../../src/runtime/steer-runs.ts';
import { fakeRuns, uuid } from './fake-runs.ts';

const document: WorkflowDocument = {
  name: 'asking',
  state: { total: { type: 'number', reducer: 'add' } },
  nodes: {
    ask: {
      type: 'interrupt',
      answerSchema: { type: 'object', required: ['ok'], properties: { ok: { type: 'boolean' } } },
    },
    any: { type: 'interrupt' },
    work: { type: 'task', uses: 'echo' },
    child: { type: 'subgraph', workflow: 'asking' },
  },
};

let mesh: ReturnType<typeof fakeRuns>;
let run: string;
const resume = (request: {
  answers?: Record<string, Json>;
  stateUpdates?: Record<string, Json>;
  key?: string;
  by?: string;
  runId?: string;
}) =>
  createSteering(mesh.deps).resumeRun({
    tenant: 'default',
    runId: request.runId ?? run,
    answers: request.answers ?? null,
    stateUpdates: request.stateUpdates ?? null,
    by: request.by ?? null,
    idempotency: request.key === undefined ? null : { key: request.key, payloadHash: JSON.stringify(request) },
  });

beforeEach(() => {
  mesh = fakeRuns();
  run = mesh.add(1, document);
});

/** The key of the task that asks. */
const KEY: unknown = expect.any(String);

describe('an answer', () => {
  test.each<[Json]>([[false], [0], [''], [null], [[]], [{ deep: [1] }]])('may be %j', async (value) => {
    const question = mesh.ask(run, 10, 'any');

    await resume({ answers: { [question]: value }, by: 'ada' });
    expect(mesh.sent).toEqual([
      {
        runId: run,
        kind: 'answer',
        payload: { answers: { [question]: value }, keys: { [question]: KEY }, stateUpdates: null, by: 'ada' },
      },
    ]);
  });

  test('that does not match its schema is refused at its place, and nothing is sent', async () => {
    const [first, second] = [mesh.ask(run, 10, 'ask'), mesh.ask(run, 20, 'any')];

    await expect(resume({ answers: { [first]: { ok: 'yes' }, [second]: 1 } })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ code: 'invalid_input', pointer: `/answers/${first}/ok` }],
    });
    expect(mesh.sent).toEqual([]);
  });

  test('to a question that was answered is a conflict, to one that never was there is not found', async () => {
    const question = mesh.ask(run, 10, 'any');
    await resume({ answers: { [question]: 1 }, by: 'ada' });

    await expect(resume({ answers: { [question]: 2 } })).rejects.toMatchObject({ code: 'conflict', message: /by ada/ });
    await expect(resume({ answers: { [uuid(99)]: 2 } })).rejects.toMatchObject({ code: 'not_found' });
    await expect(resume({ answers: { nothing: 2 } })).rejects.toMatchObject({ code: 'not_found' });
    expect(mesh.sent).toHaveLength(1);
  });

  test('that comes second is a conflict, even if both were sent', async () => {
    const question = mesh.ask(run, 10, 'any');
    const answers = await Promise.allSettled([
      resume({ answers: { [question]: 1 } }),
      resume({ answers: { [question]: 2 } }),
    ]);

    expect(answers.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(mesh.sent).toHaveLength(2);
  });

  test('to a question that is gone when it is read is a conflict', async () => {
    const question = mesh.ask(run, 10, 'any');
    mesh.hooks.beforeReading = () => mesh.answer(run, question);

    await expect(resume({ answers: { [question]: 1 } })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('to a question of a child goes to the child, at any depth', async () => {
    const [child, grandchild] = [mesh.add(2, document), mesh.add(3, document)];
    mesh.wait(run, {
      id: uuid(50),
      node: 'child',
      waits: 'child_answer',
      detail: { kind: 'child', runId: child, seen: 0 },
    });
    mesh.wait(child, {
      id: uuid(51),
      node: 'child',
      waits: 'child',
      detail: { kind: 'child', runId: grandchild, seen: 0 },
    });
    const [own, deep] = [mesh.ask(run, 10, 'any'), mesh.ask(grandchild, 20, 'any')];

    await resume({ answers: { [own]: 1, [deep]: 2 }, stateUpdates: { total: 5 } });
    expect(mesh.sent).toEqual([
      {
        runId: run,
        kind: 'answer',
        payload: { answers: { [own]: 1 }, keys: { [own]: KEY }, stateUpdates: { total: 5 }, by: null },
      },
      {
        runId: grandchild,
        kind: 'answer',
        payload: { answers: { [deep]: 2 }, keys: { [deep]: KEY }, stateUpdates: null, by: null },
      },
    ]);
    mesh.end(grandchild, 'succeeded');
    mesh.end(child, 'succeeded');
    await expect(resume({ answers: { [deep]: 2 } })).rejects.toMatchObject({ code: 'conflict' });
  });

  test('that is sent again under its key is given once, and the key is good for nothing else', async () => {
    const question = mesh.ask(run, 10, 'any');
    const request = { answers: { [question]: 1 }, key: 'k' };
    await Promise.all([resume(request), resume(request)]);
    mesh.end(run, 'succeeded');
    await resume(request);

    expect(mesh.sent).toHaveLength(1);
    await expect(resume({ answers: { [question]: 2 }, key: 'k' })).rejects.toMatchObject({
      code: 'idempotency_conflict',
    });
  });

  test('to a child goes on under its key where it was broken off', async () => {
    const child = mesh.add(2, document);
    mesh.wait(run, {
      id: uuid(50),
      node: 'child',
      waits: 'child_answer',
      detail: { kind: 'child', runId: child, seen: 0 },
    });
    const [own, its] = [mesh.ask(run, 10, 'any'), mesh.ask(child, 20, 'any')];
    const request = { answers: { [own]: 1, [its]: 2 }, key: 'k' };
    mesh.hooks.beforeReading = () => {
      mesh.hooks.beforeReading = () => undefined;
      throw new Error('the server is killed');
    };
    await expect(resume(request)).rejects.toThrow('killed');
    await resume(request);

    expect(mesh.sent.map(({ runId }) => runId)).toEqual([run, child]);
  });
});

describe('resuming a run without answers', () => {
  test('passes the breakpoints of the run and of its children', async () => {
    const child = mesh.add(2, document);
    mesh.wait(run, {
      id: uuid(50),
      node: 'child',
      waits: 'child_answer',
      detail: { kind: 'child', runId: child, seen: 0 },
    });
    mesh.ask(run, 10, 'work', 'before');
    mesh.ask(child, 20, 'work', 'after');
    mesh.ask(run, 30, 'any');

    await resume({});
    expect(mesh.sent).toEqual([
      { runId: run, kind: 'answer', payload: { answers: null, stateUpdates: null, by: null } },
      { runId: child, kind: 'answer', payload: { answers: null, stateUpdates: null, by: null } },
    ]);
  });

  test('says which questions wait where no breakpoint does, and that nothing does', async () => {
    await expect(resume({})).rejects.toMatchObject({ code: 'conflict', message: 'the run asks nothing' });
    const question = mesh.ask(run, 10, 'any');

    await expect(resume({})).rejects.toMatchObject({ code: 'conflict', message: new RegExp(`${question} \\(any\\)`) });
    expect(mesh.sent).toEqual([]);
  });

  test('may bring updates of the state alone', async () => {
    mesh.ask(run, 10, 'any');
    await resume({ stateUpdates: { total: 5 } });

    expect(mesh.sent).toEqual([
      { runId: run, kind: 'answer', payload: { answers: null, stateUpdates: { total: 5 }, by: null } },
    ]);
  });
});

describe('a request to resume', () => {
  test('is refused for a run that has ended or is not there, for updates that do not fit, and for nothing', async () => {
    await expect(resume({ runId: uuid(99) })).rejects.toMatchObject({ code: 'not_found' });
    await expect(resume({ answers: {} })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/answers' }],
    });
    await expect(resume({ stateUpdates: { total: 'x', gone: 1 } })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [
        { code: 'bad_update', pointer: '/stateUpdates/total' },
        { code: 'undeclared_key', pointer: '/stateUpdates/gone' },
      ],
    });
    mesh.end(run, 'failed');
    await expect(resume({ stateUpdates: { total: 1 } })).rejects.toMatchObject({ code: 'conflict' });
    expect(mesh.sent).toEqual([]);
  });
});
