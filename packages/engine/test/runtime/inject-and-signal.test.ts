import type { Json, WorkflowDocument } from '@weft/contract';
import { beforeEach, describe, expect, test } from 'vitest';

import { createSteering } from '../../src/runtime/steer-runs.ts';
import { fakeRuns, uuid } from './fake-runs.ts';

const schema = (type: string) => ({ type: 'object', required: ['id'], properties: { id: { type } } });
const document: WorkflowDocument = {
  name: 'waiting',
  state: { seen: { type: 'array', reducer: 'append' } },
  nodes: {
    work: { type: 'task', uses: 'echo' },
    paid: { type: 'wait', signal: 'paid', payloadSchema: schema('string') },
    paidToo: { type: 'wait', signal: 'paid', payloadSchema: schema('number') },
    go: { type: 'wait', signal: 'go' },
  },
};

let mesh: ReturnType<typeof fakeRuns>;
let run: string;
beforeEach(() => {
  mesh = fakeRuns();
  run = mesh.add(1, document);
});

describe('an injection', () => {
  const inject = (
    updates: Record<string, Json>,
    { afterNode = null, key }: { afterNode?: string | null; key?: string } = {},
  ) =>
    createSteering(mesh.deps).injectState({
      tenant: 'default',
      runId: run,
      updates,
      afterNode,
      idempotency: key === undefined ? null : { key, payloadHash: JSON.stringify(updates) },
    });

  test('tells the step that applied it', async () => {
    mesh.step(run, {});
    expect(await inject({ seen: 1 })).toEqual({ applied: true, step: 2 });
    expect(mesh.sent).toEqual([{ runId: run, kind: 'inject', payload: { updates: { seen: 1 }, afterNode: null } }]);
  });

  test('waits for its node', async () => {
    expect(await inject({ seen: 1 }, { afterNode: 'work' })).toEqual({ applied: false, pending: true });
  });

  test('that is sent again under its key tells the same step, or the one that has applied it since', async () => {
    expect(await inject({ seen: 1 }, { key: 'k' })).toEqual({ applied: true, step: 1 });
    mesh.step(run, {});
    expect(await inject({ seen: 1 }, { key: 'k' })).toEqual({ applied: true, step: 1 });
    await expect(inject({ seen: 2 }, { key: 'k' })).rejects.toMatchObject({ code: 'idempotency_conflict' });

    expect(await inject({ seen: 3 }, { key: 'l', afterNode: 'work' })).toEqual({ applied: false, pending: true });
    const { facts } = (await mesh.deps.reader.steps(run, { afterStep: 2, limit: 1 }))[0] ?? {};
    mesh.step(run, { mail: facts?.mail ?? '', writes: ['seen'] });
    expect(await inject({ seen: 3 }, { key: 'l', afterNode: 'work' })).toEqual({ applied: true, step: 4 });
    expect(mesh.sent).toHaveLength(2);
  });

  test('is refused where it cannot be applied', async () => {
    await expect(inject({ gone: 1 })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ code: 'undeclared_key', pointer: '/updates/gone' }],
    });
    await expect(inject({ seen: 1 }, { afterNode: 'toString' })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ code: 'missing_reference', pointer: '/afterNode' }],
    });
    mesh.end(run, 'succeeded');
    await expect(inject({ seen: 1 })).rejects.toMatchObject({ code: 'conflict' });
    expect(mesh.sent).toEqual([]);
  });

  test('of a run that ends before it is read is a conflict', async () => {
    mesh.deps.settler.settle = async () => {
      mesh.end(run, 'cancelled');
      return { applied: false, exists: true };
    };
    await expect(inject({ seen: 1 })).rejects.toMatchObject({ code: 'conflict', message: /meanwhile/ });
  });
});

describe('a signal', () => {
  const signal = (name: string, payload: Json, key?: string) =>
    createSteering(mesh.deps).signalRun({
      tenant: 'default',
      runId: run,
      name,
      payload,
      idempotency: key === undefined ? null : { key, payloadHash: JSON.stringify(payload) },
    });

  test.each<[string, Json]>([
    ['paid', { id: 'a' }],
    ['paid', { id: 7 }],
    ['go', false],
    ['go', null],
    ['nobody-waits', ''],
  ])('%s with %j is given', async (name, payload) => {
    await signal(name, payload);
    expect(mesh.sent).toEqual([{ runId: run, kind: 'signal', payload: { name, payload } }]);
  });

  test('that no node takes is refused at its place', async () => {
    await expect(signal('paid', { id: true })).rejects.toMatchObject({
      code: 'invalid_input',
      errors: [{ pointer: '/id' }],
    });
    await expect(signal('paid', 1)).rejects.toMatchObject({ code: 'invalid_input', errors: [{ pointer: '' }] });
    expect(mesh.sent).toEqual([]);
  });

  test('is given once for its key, and not to a run that has ended or is not there', async () => {
    await signal('go', 1, 'k');
    mesh.end(run, 'succeeded');
    await signal('go', 1, 'k');
    expect(mesh.sent).toHaveLength(1);

    await expect(signal('go', 1)).rejects.toMatchObject({ code: 'conflict' });
    run = uuid(99);
    await expect(signal('go', 1)).rejects.toMatchObject({ code: 'not_found' });
  });
});
