/** Questions, signals and injections over the API, on a whole engine. */
import type { Interrupt, Json, Run } from '@weft/contract';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const PATIENCE = { timeout: 20_000 };
let api: ApiRig;
beforeAll(async () => {
  api = await createApiRig();
});
afterAll(() => api.stop());

const review = {
  name: 'review',
  state: { notes: { type: 'array', reducer: 'append', default: [] } },
  nodes: {
    draft: { type: 'task', uses: 'echo', with: 'a draft' },
    ask: {
      type: 'interrupt',
      message: 'Publish {{ nodes.draft }}?',
      answerSchema: { type: 'object', required: ['ok'], properties: { ok: { type: 'boolean' } } },
      needs: ['draft'],
    },
    publish: { type: 'task', uses: 'echo', with: { ok: '${ask.ok}', notes: '${state.notes}' }, needs: ['ask'] },
  },
};

async function start(workflow: object): Promise<string> {
  const answer = await api.post('/v1/runs', { workflow });
  expect(answer.json()).toMatchObject({ id: expect.any(String) });
  return answer.json().id;
}

async function runOf(id: string): Promise<Run> {
  return (await api.get(`/v1/runs/${id}`)).json();
}

async function questionsOf(id: string, count = 1): Promise<Interrupt[]> {
  await expect.poll(async () => (await runOf(id)).interrupts?.length, PATIENCE).toBe(count);
  return (await runOf(id)).interrupts ?? [];
}

async function endOf(id: string): Promise<Run> {
  await expect.poll(async () => (await runOf(id)).endedAt, PATIENCE).not.toBeNull();
  return runOf(id);
}

const answerIt = (id: string, answers: Record<string, Json>, headers: Record<string, string> = {}) =>
  api.post(`/v1/runs/${id}/resume`, { answers }, headers);

describe('a question', () => {
  test('interrupts its run, is listed, explained and answered once', async () => {
    const id = await start(review);
    const [question] = await questionsOf(id);

    expect(await runOf(id)).toMatchObject({ status: 'interrupted', endedAt: null });
    expect(question).toMatchObject({
      runId: id,
      node: 'ask',
      key: 'ask#0',
      at: 'node',
      message: 'Publish a draft?',
      answerSchema: { type: 'object' },
      expiresAt: null,
    });
    const listed = (await api.get('/v1/interrupts?limit=200')).json().items;
    expect(listed.filter(({ runId }: Interrupt) => runId === id)).toEqual([question]);
    const task = (await api.get(`/v1/tasks/${question?.taskId}`)).json();
    expect(task).toMatchObject({ status: 'waiting', waits: 'answer' });
    expect((await api.get(`/v1/tasks/${question?.taskId}/why`)).json().reasons).toMatchObject([
      { code: 'answer_wait', details: { interruptId: question?.id } },
    ]);

    const bad = await answerIt(id, { [String(question?.id)]: { ok: 'yes' } });
    expect([bad.statusCode, bad.json().errors]).toMatchObject([422, [{ pointer: `/answers/${question?.id}/ok` }]]);
    const good = await answerIt(id, { [String(question?.id)]: { ok: true } }, { 'x-weft-user': 'ada' });
    expect(good.statusCode).toBe(200);
    expect(await endOf(id)).toMatchObject({ status: 'succeeded', output: { ok: true, notes: [] } });
    expect(await runOf(id)).not.toHaveProperty('interrupts');
    const steps = (await api.get(`/v1/runs/${id}/steps?limit=100`)).json().items;
    expect(steps.find(({ type }: { type: string }) => type === 'answered')).toMatchObject({
      node: 'ask',
      facts: { answer: { id: question?.id, by: 'ada' } },
    });
    expect((await answerIt(id, { [String(question?.id)]: { ok: false } })).statusCode).toBe(409);
  });

  test.each<[Json]>([[false], [0], [''], [null]])('without a schema takes %j as its answer', async (value) => {
    const id = await start({ name: 'anything', nodes: { ask: { type: 'interrupt' } }, output: ['${ask}'] });
    const [question] = await questionsOf(id);

    expect((await answerIt(id, { [String(question?.id)]: value })).statusCode).toBe(200);
    expect(await endOf(id)).toMatchObject({ status: 'succeeded', output: [value] });
  });

  test('F47: gets one of many answers, and the others are told so', async () => {
    const id = await start({ name: 'race', nodes: { ask: { type: 'interrupt' } } });
    const [question] = await questionsOf(id);
    const values = Array.from({ length: 10 }, (_, n) => n);
    const answers = await Promise.all(values.map((n) => answerIt(id, { [String(question?.id)]: n })));

    const taken = values.filter((n) => answers[n]?.statusCode === 200);
    expect(taken).toHaveLength(1);
    expect(answers.filter(({ statusCode }) => statusCode === 409)).toHaveLength(9);
    expect((await endOf(id)).output).toBe(taken[0]);
  });

  test('A10: an answer that is sent again under its key gets the same reply', async () => {
    const id = await start({ name: 'again', nodes: { ask: { type: 'interrupt' } } });
    const [question] = await questionsOf(id);
    const key = { 'idempotency-key': `answer-${id}` };
    const send = (value: Json) => answerIt(id, { [String(question?.id)]: value }, key);
    const replies = await Promise.all([send(1), send(1)]);
    await endOf(id);
    replies.push(await send(1));

    expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200]);
    expect((await send(2)).json().code).toBe('idempotency_conflict');
  });

  test('each of several is answered by itself, while other branches go on', async () => {
    const nodes = { a: { type: 'interrupt' }, b: { type: 'interrupt' }, work: { type: 'task', uses: 'echo', with: 1 } };
    const id = await start({ name: 'several', nodes });
    const [first, second] = await questionsOf(id, 2);
    await answerIt(id, { [String(first?.id)]: 'x' });

    expect(await questionsOf(id)).toMatchObject([{ id: second?.id }]);
    const unknown = await answerIt(id, { [String(second?.id)]: 1, '0198a000-0000-7000-8000-000000000009': 1 });
    expect(unknown.statusCode).toBe(404);
    await answerIt(id, { [String(second?.id)]: 'y' });
    expect((await endOf(id)).output).toEqual({ [String(first?.node)]: 'x', [String(second?.node)]: 'y', work: 1 });
  });

  test('of a child is shown on its parent and answered there', async () => {
    await api.post('/v1/workflows', { ...review, name: 'reviewed-child' });
    const nodes = { part: { type: 'subgraph', workflow: 'reviewed-child' } };
    const id = await start({ name: 'parent', nodes });
    const [question] = await questionsOf(id);

    expect(question?.runId).not.toBe(id);
    expect(await runOf(String(question?.runId))).toMatchObject({ parent: { runId: id }, status: 'interrupted' });
    expect((await answerIt(id, { [String(question?.id)]: { ok: false } })).statusCode).toBe(200);
    expect(await endOf(id)).toMatchObject({ status: 'succeeded', output: { ok: false } });
    expect((await answerIt(id, { [String(question?.id)]: { ok: false } })).statusCode).toBe(409);
  });
});

describe('a breakpoint', () => {
  test('is passed by resuming, with an update of the state, and does not hold again', async () => {
    const document = { ...review, name: 'held', interruptBefore: ['publish'], nodes: { ...review.nodes } };
    const nodes = {
      draft: review.nodes.draft,
      publish: { ...review.nodes.publish, with: '${state.notes}', needs: ['draft'] },
    };
    const id = await start({ ...document, nodes });
    const [held] = await questionsOf(id);
    expect(held).toMatchObject({ node: 'publish', at: 'before' });

    const refused = await api.post(`/v1/runs/${id}/resume`, { stateUpdates: { nothing: 1 } });
    expect([refused.statusCode, refused.json().errors]).toMatchObject([422, [{ pointer: '/stateUpdates/nothing' }]]);
    expect((await api.post(`/v1/runs/${id}/resume`, { stateUpdates: { notes: 'seen' } })).statusCode).toBe(200);
    expect(await endOf(id)).toMatchObject({ status: 'succeeded', output: ['seen'], state: { notes: ['seen'] } });
    expect((await api.post(`/v1/runs/${id}/resume`)).statusCode).toBe(409);
  });

  test('is what resuming passes: a question is none', async () => {
    const id = await start({ name: 'no-breakpoint', nodes: { ask: { type: 'interrupt' } } });
    const [question] = await questionsOf(id);
    const answer = await api.post(`/v1/runs/${id}/resume`);

    expect(answer.statusCode).toBe(409);
    expect(answer.json().detail).toContain(question?.id);
    await api.post(`/v1/runs/${id}/cancel`);
  });
});

describe('a signal', () => {
  const paid = {
    name: 'paid',
    nodes: {
      wait: {
        type: 'wait',
        signal: 'paid',
        timeoutMs: 60_000,
        payloadSchema: { type: 'object', required: ['amount'], properties: { amount: { type: 'number' } } },
      },
    },
  };

  test('ends the wait of its name, and its payload is checked', async () => {
    const id = await start(paid);
    const bad = await api.post(`/v1/runs/${id}/signals/paid`, { amount: 'much' });
    expect([bad.statusCode, bad.json().errors]).toMatchObject([422, [{ pointer: '/amount' }]]);

    expect((await api.post(`/v1/runs/${id}/signals/paid`, { amount: 5 })).statusCode).toBe(202);
    expect(await endOf(id)).toMatchObject({ status: 'succeeded', output: { amount: 5 } });
    expect((await api.post(`/v1/runs/${id}/signals/paid`, { amount: 5 })).statusCode).toBe(409);
  });

  test('that comes before its node waits is kept', async () => {
    const nodes = {
      ask: { type: 'interrupt' },
      wait: { type: 'wait', signal: 'go', timeoutMs: 60_000, needs: ['ask'] },
    };
    const id = await start({ name: 'early', nodes });
    const [question] = await questionsOf(id);
    expect((await api.post(`/v1/runs/${id}/signals/go`, [1])).statusCode).toBe(202);
    await answerIt(id, { [String(question?.id)]: null });

    expect(await endOf(id)).toMatchObject({ status: 'succeeded', output: [1] });
  });
});

describe('an injection', () => {
  test('is applied at once, or right after its node, and under its key once', async () => {
    const id = await start({ ...review, name: 'injected' });
    const [question] = await questionsOf(id);
    const url = `/v1/runs/${id}/state`;
    const key = { 'idempotency-key': `inject-${id}` };
    const now = (await api.post(url, { updates: { notes: 'one' } }, key)).json();
    const again = (await api.post(url, { updates: { notes: 'one' } }, key)).json();
    const later = await api.post(url, { updates: { notes: 'two' }, afterNode: 'ask' });

    expect(now).toEqual({ applied: true, step: expect.any(Number) });
    expect(again).toEqual(now);
    expect([later.statusCode, later.json()]).toEqual([200, { applied: false, pending: true }]);
    expect((await runOf(id)).state).toEqual({ notes: ['one'] });
    expect((await api.post(url, { updates: { notes: 1 }, afterNode: 'nobody' })).statusCode).toBe(422);
    await answerIt(id, { [String(question?.id)]: { ok: true } });
    expect(await endOf(id)).toMatchObject({ status: 'succeeded', state: { notes: ['one', 'two'] } });
    expect((await api.post(url, { updates: { notes: 'three' } })).statusCode).toBe(409);
  });
});
