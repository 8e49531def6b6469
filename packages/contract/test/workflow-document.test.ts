import { describe, expect, test } from 'vitest';
import { type Json, JsonValue, NodeName, StateKeyName, WorkflowDocument, WorkflowName } from '../src/index.ts';

const supportTriage = {
  name: 'support-triage',
  input: { type: 'object', required: ['ticketId'] },
  state: {
    ticket: { type: 'object' },
    messages: { type: 'array', reducer: 'add_messages' },
    spent: { type: 'number', reducer: 'add', default: 0 },
    scratch: { type: 'object', reducer: 'merge', ephemeral: true },
  },
  defaults: { timeoutMs: 60000, retry: { maxAttempts: 3 }, priority: 'normal' },
  budget: { usd: 2.0, tokens: 200000 },
  maxSteps: 1000,
  interruptBefore: ['publish'],
  nodes: {
    fetch: {
      type: 'task',
      uses: 'http',
      with: { url: 'https://desk.example/t/{{ input.ticketId }}' },
      output: 'ticket',
    },
    decide: {
      type: 'route',
      on: 'state.ticket.body.kind',
      routes: { bug: 'fix', question: 'answer' },
      default: 'answer',
      needs: ['fetch'],
    },
    fix: { type: 'agent', tags: ['coder'], prompt: 'Fix it', maxTurns: 5, continuePrompt: 'Go on.' },
    answer: { type: 'task', uses: 'openai', with: { model: 'small', prompt: 'Answer' } },
    publish: { type: 'task', uses: 'webhook', with: { body: '${answer.text}' }, needs: ['fix', 'answer'] },
  },
};

const everyType = {
  name: 'all',
  mode: 'superstep',
  output: '${g}',
  edges: [
    ['__start__', 'a'],
    ['r:x', '__end__'],
  ],
  nodes: {
    a: {
      type: 'task',
      uses: 'echo',
      description: 'd',
      needs: [],
      when: 'true',
      join: 'any',
      tags: ['t'],
      lane: 'l',
      priority: 'high',
      retry: {
        maxAttempts: 2,
        onCrash: 'fail',
        retryOn: ['http_503'],
        neverOn: ['http_4*'],
        minMs: 1,
        perError: { http_429: { initialMs: 1, factor: 1, maxMs: 1, minMs: 1 } },
        maxElapsedMs: 1,
      },
      timeoutMs: 1,
      queueTimeoutMs: 1,
      heartbeatMs: 1,
      cache: { ttlMs: 1 },
      output: 'k',
      outputMapping: { k: 'a.b' },
      onFailure: { goto: 'b' },
      defer: true,
      cost: { usd: 0.1 },
      concurrencyKey: 'x',
      maxIterations: 3,
    },
    b: { type: 'interrupt', message: 'ok?', answerSchema: { type: 'boolean' }, expiresMs: 5, default: false },
    c: { type: 'send', items: '${a.list}', target: 'd', concurrency: 3, onItemFailure: 'fail' },
    d: { type: 'task', prompt: 'x' },
    e: { type: 'subgraph', workflow: { name: 'child', version: 2 }, input: { x: 1 } },
    f: { type: 'subgraph', workflow: 'child' },
    g: { type: 'wait', signal: 'go', timeoutMs: 5 },
    h: { type: 'wait', ms: 5 },
    i: { type: 'transform', updates: { k: { cel: '1 + 1' } } },
    r: { type: 'route', on: 'input.x' },
  },
};

describe('the workflow document', () => {
  test.each([
    ['the example of the design', supportTriage],
    ['every node type with every field', everyType],
  ])('takes %s and adds no default to it', (_, document) => {
    expect(WorkflowDocument.parse(document)).toEqual(document);
  });

  test('refuses an unknown key at every level', () => {
    const document = {
      name: 'x',
      extra: 1,
      state: { k: { type: 'any', extra: 1 } },
      defaults: { extra: 1 },
      nodes: { a: { type: 'task', uses: 'echo', extra: 1, retry: { extra: 1 } } },
    };
    const places = WorkflowDocument.safeParse(document).error?.issues.map((issue) => [
      issue.code,
      issue.path.join('/'),
    ]);
    expect(places?.toSorted()).toEqual([
      ['unrecognized_keys', ''],
      ['unrecognized_keys', 'defaults'],
      ['unrecognized_keys', 'nodes/a'],
      ['unrecognized_keys', 'nodes/a/retry'],
      ['unrecognized_keys', 'state/k'],
    ]);
  });
});

describe('names', () => {
  test.each(['fetch', 'Schritt 2', 'a-b_c', '取得', 'x'.repeat(200), '__start', '🙂'])('%j is a node name', (name) => {
    expect(NodeName.safeParse(name).success).toBe(true);
  });

  test.each([
    '',
    'a.b',
    'a/b',
    'a#1',
    'a[0]',
    'a:b',
    '$a',
    'a{',
    'a\nb',
    '__start__',
    '__end__',
    '__proto__',
    'constructor',
    'prototype',
  ])('%j is no node name', (name) => expect(NodeName.safeParse(name).success).toBe(false));

  test('a name that is too long or holds half of a surrogate pair is refused', () => {
    expect(NodeName.safeParse('x'.repeat(201)).success).toBe(false);
    expect(NodeName.safeParse('a\ud800').success).toBe(false);
  });

  test('a state key does not begin with two underscores', () => {
    expect(StateKeyName.safeParse('__meta').success).toBe(false);
    expect(StateKeyName.safeParse('_meta').success).toBe(true);
  });

  test('a workflow name is one segment of a URL', () => {
    expect(WorkflowName.safeParse('nightly.report v2').success).toBe(true);
    for (const name of ['a/b', '..', '.', 'a?b', 'a%20b']) expect(WorkflowName.safeParse(name).success).toBe(false);
  });
});

test('a JSON value is taken as it is, however deep', () => {
  let deep: Json = 1;
  for (let level = 0; level < 100_000; level += 1) deep = [deep];
  expect(JsonValue.parse(deep)).toBe(deep);
  expect(JsonValue.safeParse(undefined).success).toBe(false);
});
