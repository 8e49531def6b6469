import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createApiRig } from './api-rig.ts';
import type { ApiRig } from './api-rig.ts';

let api: ApiRig;

beforeAll(async () => {
  api = await createApiRig();
});

afterAll(() => api.stop());

const YAML = `name: triage
description: Sorts tickets
nodes:
  fetch: { type: task, uses: echo, with: { kind: bug } }
  decide: { type: route, on: nodes.fetch.kind, routes: { bug: fix }, default: answer, needs: [fetch] }
  fix: { type: task, uses: echo }
  answer: { type: task, uses: echo, onFailure: { goto: fix } }
`;

async function yaml(url: string, payload: string) {
  return api.send({ method: 'POST', url, headers: { 'content-type': 'application/yaml' }, payload });
}

describe('saving workflows', () => {
  test('the same content is the same version, whatever its form; other content is the next one', async () => {
    const first = await yaml('/v1/workflows', YAML);
    expect(first.statusCode).toBe(201);
    expect(first.json()).toEqual({ name: 'triage', version: 1, hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(first.headers['location']).toBe('/v1/workflows/triage?version=1');

    const stored = (await api.get('/v1/workflows/triage')).json();
    const again = await api.post('/v1/workflows', stored.document);
    expect(again.statusCode).toBe(200);
    expect(again.json()).toEqual(first.json());

    const next = await api.post('/v1/workflows', { ...stored.document, description: 'Sorts tickets better' });
    expect(next.statusCode).toBe(201);
    expect(next.json()).toMatchObject({ version: 2 });
    expect((await api.get('/v1/workflows/triage')).json()).toMatchObject({
      version: 2,
      description: 'Sorts tickets better',
    });
    expect((await api.get('/v1/workflows/triage?version=1')).json()).toEqual(stored);
  });

  test('every error of a YAML document is told with its line and column', async () => {
    const answer = await yaml(
      '/v1/workflows',
      'name: bad\nnodes:\n  a:\n    type: task\n    uses: ecco\n    needs: [b]\n',
    );
    expect(answer.statusCode).toBe(422);
    const errors = answer
      .json()
      .errors.map((item: { code: string; pointer: string; line: number; column: number }) => [
        item.code,
        item.pointer,
        item.line,
        item.column,
      ]);
    expect(errors.toSorted()).toEqual([
      ['missing_reference', '/nodes/a/needs/0', 6, 13],
      ['unknown_executor', '/nodes/a/uses', 5, 5],
    ]);
  });
});

describe('checking documents', () => {
  test('a valid one comes with its picture, and nothing is saved', async () => {
    const answer = await yaml('/v1/workflows/validate', YAML.replace('triage', 'unsaved'));
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ valid: true, errors: [], mermaid: expect.stringContaining('flowchart TD') });
    expect((await api.get('/v1/workflows/unsaved')).statusCode).toBe(404);
  });

  test('what is wrong is an answer, not a failure, even if the text cannot be read', async () => {
    for (const payload of ['name: [', 'name: x\nnodes: {}', 'name: x\nname: y']) {
      const answer = await yaml('/v1/workflows/validate', payload);
      expect(answer.statusCode).toBe(200);
      expect(answer.json()).toMatchObject({ valid: false, mermaid: null });
      expect(answer.json().errors.length).toBeGreaterThan(0);
      expect(answer.json().errors[0]).toMatchObject({ line: expect.any(Number), column: expect.any(Number) });
    }
  });
});

describe('a document of another format', () => {
  const FOREIGN = {
    id: 'foreign',
    task_id: 't-1',
    state_schema: { kind: { type: 'string' } },
    nodes: {
      decide: { type: 'route', input: 'state.kind', routes: { bug: 'fix', other: 'note' }, default: 'other' },
      fix: { type: 'transform', updates: { done: 'fixed {{state.kind}}' } },
      note: { type: 'transform', updates: { done: 'noted' } },
    },
    edges: [
      ['__start__', 'decide'],
      ['decide:bug', 'fix'],
      ['decide:other', 'note'],
      ['fix', '__end__'],
      ['note', '__end__'],
    ],
  };

  test('is imported and saved, with a report of what could not be mapped, and runs', async () => {
    const saved = await api.post('/v1/workflows?format=nullboiler', FOREIGN);
    const again = await api.post('/v1/workflows?format=nullboiler', FOREIGN);
    const runs = await Promise.all(
      [{ kind: 'bug' }, { kind: 'joy' }, {}].map((input) =>
        api.post('/v1/runs?wait=10s', { workflow: 'foreign', input }),
      ),
    );

    expect(saved.statusCode).toBe(201);
    expect(saved.json()).toMatchObject({
      name: 'foreign',
      version: 1,
      report: [
        { code: 'task_id', pointer: '/task_id', line: 1 },
        { code: 'literal_template', pointer: '/nodes/fix/updates' },
      ],
    });
    expect(again.statusCode).toBe(200);
    expect(runs.map((run) => run.json().output)).toEqual([
      { kind: 'bug', done: 'fixed {{state.kind}}' },
      { kind: 'joy', done: 'noted' },
      { kind: '', done: 'noted' },
    ]);
  });

  test('is refused with the places of its own text', async () => {
    const edges = [...FOREIGN.edges, ['fix', 'decide']];
    const wrong = await api.post('/v1/workflows?format=nullboiler', { ...FOREIGN, edges });
    const worse = await api.post('/v1/workflows?format=nullboiler', {
      ...FOREIGN,
      nodes: { a: { type: 'map' } },
      edges: [],
    });
    const prompted = await api.post('/v1/workflows?format=nullboiler', {
      ...FOREIGN,
      nodes: { ...FOREIGN.nodes, note: { prompt_template: 'x' } },
    });

    expect(wrong.statusCode).toBe(422);
    expect(wrong.json()).toMatchObject({ code: 'invalid_document' });
    expect(wrong.json().errors.map(({ pointer }: { pointer: string }) => pointer)).toContain('/edges/5');
    expect(worse.json().errors).toMatchObject([
      { code: 'unreachable_node', pointer: '/nodes/a' },
      { code: 'node_type_unsupported', pointer: '/nodes/a/type' },
    ]);
    expect(prompted.statusCode).toBe(201);
  });

  test('is checked without being saved', async () => {
    const valid = await api.post('/v1/workflows/validate?format=nullboiler', { ...FOREIGN, id: 'unsaved' });
    const invalid = await api.post('/v1/workflows/validate?format=nullboiler', { id: 'x', steps: [{}] });

    expect(valid.json()).toMatchObject({
      valid: true,
      errors: [],
      mermaid: expect.stringContaining('flowchart'),
      report: [{ code: 'task_id' }, { code: 'literal_template' }],
    });
    expect(invalid.json()).toMatchObject({
      valid: false,
      errors: [{ code: 'missing_field' }],
      mermaid: null,
      report: [],
    });
    expect((await api.get('/v1/workflows/unsaved')).statusCode).toBe(404);
    expect((await api.post('/v1/workflows/validate?format=n8n', {})).statusCode).toBe(422);
  });
});

describe('reading workflows', () => {
  test('lists come by name, page by page', async () => {
    for (const name of ['list-b', 'list-a', 'list-c']) {
      await api.post('/v1/workflows', { name, nodes: { a: { type: 'task', uses: 'echo' } } });
    }
    const names: string[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < 10; pages += 1) {
      const url: string = `/v1/workflows?limit=1${cursor === null ? '' : `&cursor=${cursor}`}`;
      const page = (await api.get(url)).json();
      names.push(...page.items.map(({ name }: { name: string }) => name));
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    expect(names.filter((name) => name.startsWith('list-'))).toEqual(['list-a', 'list-b', 'list-c']);
    expect(names).toEqual(names.toSorted());
  });

  test('the graph is drawn in three ways', async () => {
    await yaml('/v1/workflows', YAML.replace('triage', 'drawn'));
    const mermaid = await api.get('/v1/workflows/drawn/graph');
    const dot = await api.get('/v1/workflows/drawn/graph?format=dot');
    const json = await api.get('/v1/workflows/drawn/graph?format=json&version=1');

    expect(mermaid.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect(mermaid.body).toMatch(/n1 -->\|"bug"\| n2/);
    expect(dot.body).toMatch(/^digraph workflow \{/);
    expect(json.json().nodes).toEqual([
      { name: 'fetch', type: 'task', uses: 'echo' },
      { name: 'decide', type: 'route' },
      { name: 'fix', type: 'task', uses: 'echo' },
      { name: 'answer', type: 'task', uses: 'echo' },
    ]);
    expect(json.json().edges).toContainEqual({ from: 'answer', to: 'fix', kind: 'goto', label: 'on failure' });
    expect((await api.get('/v1/workflows/drawn/graph?version=9')).statusCode).toBe(404);
  });

  test('names are taken as they are in URLs', async () => {
    const name = 'größer & besser';
    await api.post('/v1/workflows', { name, nodes: { a: { type: 'task', uses: 'echo' } } });
    expect((await api.get(`/v1/workflows/${encodeURIComponent(name)}`)).json()).toMatchObject({ name });
    expect((await api.get('/v1/workflows/nobody')).statusCode).toBe(404);
  });
});
