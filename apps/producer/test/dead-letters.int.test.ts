/** Dead letters over the API, on a whole engine. */
import type { DeadLetter, DeadLetterPage, Json, LetterResults, Run, Step, Task } from '@weft/contract';
import type { Executor } from '@weft/engine/ports';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

const PATIENCE = { timeout: 20_000 };
const ann = { 'x-weft-user': 'ann' };

/** Names that fail as long as they are here, and the inputs that were seen. */
const broken = new Set<string>();
const seen: Json[] = [];

const work: Executor['run'] = async ({ input }) => {
  const { name = 'x', retryable = false } = input as { name?: string; retryable?: boolean };
  seen.push(input);
  if (broken.has(name)) return { kind: 'failed', error: { code: 'boom', message: `${name} broke`, retryable } };
  return { kind: 'succeeded', output: { name } };
};

let api: ApiRig;
beforeAll(async () => {
  api = await createApiRig({ work });
});
afterAll(() => api.stop());
beforeEach(() => {
  broken.clear();
  seen.length = 0;
});

async function ask<T>(
  method: 'GET' | 'POST',
  url: string,
  body?: object,
  { status = 200, headers = {} } = {},
): Promise<T> {
  const answer = method === 'GET' ? await api.get(url) : await api.post(url, body, headers);
  expect([url, answer.statusCode, answer.json()]).toMatchObject([url, status, {}]);
  return answer.json();
}

const list = (query = ''): Promise<DeadLetterPage> => ask('GET', `/v1/dead-letters?${query}`);
const show = (id: string): Promise<DeadLetter> => ask('GET', `/v1/dead-letters/${id}`);
const retry = (id: string, body?: object, more = {}): Promise<DeadLetter> =>
  ask('POST', `/v1/dead-letters/${id}/retry`, body, more);
const start = async (workflow: object, input: object = {}): Promise<Run> =>
  (await api.post('/v1/runs?wait=20s', { workflow, input })).json();
const ended = (id: string): Promise<Run> =>
  vi.waitFor(async () => {
    const run = await ask<Run>('GET', `/v1/runs/${id}`);
    expect(run.endedAt).not.toBeNull();
    return run;
  }, PATIENCE);
const task = (name: string, parts: object = {}) => ({ type: 'task', uses: 'work', with: { name }, ...parts });

async function onlyLetter(run: string): Promise<DeadLetter> {
  const { items } = await list(`run=${run}`);
  expect(items).toHaveLength(1);
  return items[0] as DeadLetter;
}

describe('the list of dead letters', () => {
  test('tells why each has failed, with all of its attempts, and its input when it is asked for alone', async () => {
    broken.add('flaky');
    const again = { retry: { maxAttempts: 2, initialMs: 1 }, with: { name: '${input.name}', retryable: true } };
    const run = await start({ name: 'listed', nodes: { a: task('', again) } }, { name: 'flaky' });
    const letter = await onlyLetter(run.id);
    const error = { code: 'boom', message: 'flaky broke' };
    expect(letter).toMatchObject({
      runId: run.id,
      workflow: { name: 'listed', version: 1 },
      runStatus: 'failed',
      node: 'a',
      state: 'open',
      error,
      attempt: 2,
      failures: 2,
      crashes: 0,
      attempts: [
        { attempt: 1, error },
        { attempt: 2, error },
      ],
    });
    expect(letter).not.toHaveProperty('input');
    expect((await show(letter.taskId)).input).toEqual({ name: 'flaky', retryable: true });
  });

  test('is filtered by what they are, and read page by page', async () => {
    broken.add('a').add('b').add('c');
    const skips = { onFailure: 'skipDependents' };
    const run = await start({
      name: 'paged',
      nodes: { a: task('a', skips), b: task('b', skips), c: task('c', skips) },
    });
    const nodes = async (query: string) =>
      (await list(`run=${run.id}&${query}`)).items.map(({ node }) => node).toSorted();
    expect(await nodes('')).toEqual(['a', 'b', 'c']);
    expect(await nodes('node=b')).toEqual(['b']);
    expect(await nodes('workflow=paged&code=boom&lane=default')).toEqual(['a', 'b', 'c']);
    expect(await nodes('workflow=other')).toEqual([]);
    expect(await nodes('code=other')).toEqual([]);
    expect(await nodes('until=2020-01-01T00:00:00Z')).toEqual([]);
    expect(await nodes('since=2020-01-01T00:00:00Z')).toHaveLength(3);
    const pages: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const page: DeadLetterPage = await list(`run=${run.id}&limit=1${cursor && `&cursor=${cursor}`}`);
      pages.push(...page.items.map(({ node }) => node));
      cursor = page.nextCursor;
    }
    expect(pages.toSorted()).toEqual(['a', 'b', 'c']);
  });

  test('leaves out what only tells of another letter, and those of cancelled runs', async () => {
    broken.add('w');
    const each = { type: 'send', items: [1, 2], target: 'w', onItemFailure: 'fail' };
    const send = await start({ name: 'sends', nodes: { each, w: task('w') } });
    expect((await list(`run=${send.id}`)).items.map(({ node }) => node)).not.toContain('each');
    await ask('POST', '/v1/workflows', { name: 'child', nodes: { inner: task('w') } }, { status: 201 });
    const parent = await start({ name: 'parent', nodes: { sub: { type: 'subgraph', workflow: 'child' } } });
    expect((await list(`run=${parent.id}`)).items).toEqual([]);
    const [child] = (await list('workflow=child')).items;
    expect(child).toMatchObject({ node: 'inner', parent: { runId: parent.id, key: 'sub#0' } });
    const nodes = { a: task('w', { onFailure: 'continue' }), wait: { type: 'interrupt', message: '?' } };
    const { id } = await ask<Run>('POST', '/v1/runs', { workflow: { name: 'cancelled', nodes } }, { status: 201 });
    await vi.waitFor(
      async () => expect(await onlyLetter(id)).toMatchObject({ node: 'a', runStatus: 'interrupted' }),
      PATIENCE,
    );
    await ask('POST', `/v1/runs/${id}/cancel`);
    expect((await list(`run=${id}`)).items).toEqual([]);
  });
});

describe('a dead letter', () => {
  test('is retried with another input, which the journal keeps with who gave it; the same key again does nothing', async () => {
    broken.add('bad');
    const run = await start({ name: 'edited', nodes: { a: task('bad'), b: task('after', { needs: ['a'] }) } });
    const { taskId } = await onlyLetter(run.id);
    const sent = { headers: { ...ann, 'idempotency-key': 'edit-1' } };
    const retried = await retry(taskId, { with: { name: 'good' } }, sent);
    expect(retried.edited).toEqual({ with: { name: 'good' }, by: 'ann' });
    expect((await ended(run.id)).status).toBe('succeeded');
    expect(seen.at(-2)).toEqual({ name: 'good' });
    const { step } = await ended(run.id);
    expect((await retry(taskId, { with: { name: 'good' } }, sent)).state).toBe('retried');
    expect((await ended(run.id)).step).toBe(step);
    await retry(taskId, { with: { name: 'other' } }, { ...sent, status: 409 });
    const { items } = await ask<{ items: Step[] }>('GET', `/v1/runs/${run.id}/steps`);
    expect(items.find(({ type }) => type === 'retried')?.facts).toMatchObject({ by: 'ann' });
    expect(await show(taskId)).toMatchObject({ state: 'retried', status: 'succeeded', attempts: [{ attempt: 1 }] });
    await retry(taskId, undefined, { status: 409 });
  });

  test('is discarded: no longer listed, kept, and still to be retried', async () => {
    broken.add('x');
    const run = await start({ name: 'discarded', nodes: { a: task('x') } });
    const { taskId } = await onlyLetter(run.id);
    const put = await ask<DeadLetter>('POST', `/v1/dead-letters/${taskId}/discard`, undefined, { headers: ann });
    expect(put).toMatchObject({ state: 'discarded', discardedBy: 'ann', status: 'failed' });
    expect((await list(`run=${run.id}`)).items).toEqual([]);
    await ask('POST', `/v1/dead-letters/${taskId}/discard`, undefined, { status: 409 });
    broken.clear();
    await retry(taskId);
    expect((await ended(run.id)).status).toBe('succeeded');
  });

  test('whose run has gone on is done again alone: its result takes its place, and nothing else runs again', async () => {
    broken.add('a').add('w1');
    const each = { type: 'send', items: ['w0', 'w1', 'w2'], target: 'w', onItemFailure: 'continue' };
    const nodes = {
      a: task('a', { onFailure: 'continue' }),
      b: task('b', { needs: ['a'] }),
      each,
      w: { type: 'task', uses: 'work', with: { name: '${item}' } },
    };
    const run = await start({ name: 'alone', output: { a: '${a}', each: '${each}' }, nodes });
    expect(run).toMatchObject({
      status: 'succeeded',
      output: { a: null, each: [{ name: 'w0' }, null, { name: 'w2' }] },
    });
    broken.clear();
    seen.length = 0;
    const results = await ask<LetterResults>('POST', '/v1/dead-letters/retry', { filter: { run: run.id } });
    expect(results).toMatchObject({ done: 2, more: false });
    expect(await ended(run.id)).toMatchObject({
      status: 'succeeded',
      output: { a: { name: 'a' }, each: [{ name: 'w0' }, { name: 'w1' }, { name: 'w2' }] },
    });
    expect(seen).toHaveLength(2);
  });

  test('of a child run takes its parent along', async () => {
    broken.add('deep');
    await ask('POST', '/v1/workflows', { name: 'deep-child', nodes: { inner: task('deep') } }, { status: 201 });
    const sub = { type: 'subgraph', workflow: 'deep-child' };
    const parent = await start({ name: 'deep-parent', nodes: { sub, after: task('after', { needs: ['sub'] }) } });
    expect(parent.status).toBe('failed');
    broken.clear();
    const [letter] = (await list('workflow=deep-child')).items;
    await retry(letter?.taskId ?? '');
    await vi.waitFor(async () => expect((await ended(parent.id)).status).toBe('succeeded'), PATIENCE);
    const { items } = await ask<{ items: Task[] }>('GET', `/v1/runs/${parent.id}/tasks`);
    expect(items.map(({ node, status }) => [node, status])).toEqual([
      ['sub', 'succeeded'],
      ['after', 'succeeded'],
    ]);
  });

  test('that was replayed over is none any more, and a fork has those that it has taken over', async () => {
    broken.add('f');
    const run = await start({ name: 'past', nodes: { first: task('first'), a: task('f', { needs: ['first'] }) } });
    const letter = await onlyLetter(run.id);
    broken.clear();
    await ask('POST', `/v1/runs/${run.id}/replay`, { step: 1 });
    await vi.waitFor(async () => expect((await ended(run.id)).status).toBe('succeeded'), PATIENCE);
    expect((await list(`run=${run.id}`)).items).toEqual([]);
    await retry(letter.taskId, undefined, { status: 409 });
  });
});

describe('many dead letters', () => {
  test('are counted first, retried under a limit, and each refusal is told', async () => {
    broken.add('m');
    const workflow = { name: 'many', nodes: { a: task('m') } };
    const runs = [await start(workflow), await start(workflow), await start(workflow)];
    const filter = { workflow: 'many' };
    const dry = await ask<LetterResults>('POST', '/v1/dead-letters/retry', { filter, limit: 2, dryRun: true });
    expect(dry).toMatchObject({ done: 0, more: true, items: [{ done: false }, { done: false }] });
    broken.clear();
    const headers = { 'idempotency-key': 'many-1' };
    const done = await ask<LetterResults>('POST', '/v1/dead-letters/retry', { filter }, { headers });
    expect(done).toMatchObject({ done: 3, more: false });
    for (const { id } of runs) expect((await ended(id)).status).toBe('succeeded');
    expect(await ask<LetterResults>('POST', '/v1/dead-letters/retry', { filter }, { headers })).toMatchObject({
      done: 0,
    });
  });

  test('are discarded together', async () => {
    broken.add('m');
    await start({ name: 'junk', nodes: { a: task('m') } });
    await start({ name: 'junk', nodes: { a: task('m') } });
    const filter = { workflow: 'junk' };
    expect(await ask<LetterResults>('POST', '/v1/dead-letters/discard', { filter })).toMatchObject({ done: 2 });
    expect((await list('workflow=junk')).items).toEqual([]);
  });

  test('bad requests say what is wrong and where', async () => {
    const bad = async (url: string, body: object) => {
      const answer = await api.post(url, body);
      return [answer.statusCode, answer.json().errors?.[0]?.pointer];
    };
    const badQuery = async (query: string) => {
      const answer = await api.get(`/v1/dead-letters?${query}`);
      return [answer.statusCode, answer.json().errors?.[0]?.pointer];
    };
    expect(await bad('/v1/dead-letters/retry', { filter: { nodes: 'a' } })).toEqual([422, '/filter/nodes']);
    expect(await bad('/v1/dead-letters/retry', { limit: 0 })).toEqual([422, '/limit']);
    expect((await api.get('/v1/dead-letters/nobody')).statusCode).toBe(404);
    expect(await badQuery('cursor=xx')).toEqual([422, '/query/cursor']);
    expect(await badQuery('since=yesterday')).toEqual([422, '/query/since']);
  });
});
