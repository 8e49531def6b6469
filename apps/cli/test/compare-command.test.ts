import type { ComparedTasks, RunComparison } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { answeringServer, problem, routingServer } from './answering-server.ts';
import { fakeStream, weft } from './fake-terminal.ts';

const NOTHING = { inputTokens: 0, outputTokens: 0, usd: 0 };
const EQUAL = { items: [], count: 0 };
const DONE: ComparedTasks = { status: 'succeeded', tasks: 1, kept: 0, attempts: 1, durationMs: 12, usage: NOTHING };
const RUN = {
  id: 'R1',
  workflow: { name: 'a', version: 1 },
  status: 'succeeded',
  error: null,
  step: 9,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:01.500Z',
  durationMs: 1500,
  usage: NOTHING,
  keptUsage: NOTHING,
} as const;
const SAME: RunComparison = {
  from: RUN,
  to: { ...RUN, id: 'R2', forkedFrom: { runId: 'R1', step: 3 } },
  relation: 'fork',
  common: { runId: 'R1', step: 3 },
  workflow: { nodes: [], count: 0, keys: [] },
  input: EQUAL,
  config: EQUAL,
  state: EQUAL,
  output: EQUAL,
  nodes: [
    { node: 'a', from: DONE, to: { ...DONE, kept: 1 }, outputs: { equal: 1, different: 0, onlyFrom: 0, onlyTo: 0 } },
  ],
  nodeCount: 1,
};

const spent = (tokens: number) => ({ inputTokens: tokens, outputTokens: 5, usd: tokens / 1000 });
const DIFFERENT: RunComparison = {
  ...SAME,
  from: { ...RUN, usage: spent(10) },
  to: {
    ...SAME.to,
    status: 'failed',
    workflow: { name: 'a', version: 2 },
    durationMs: null,
    usage: spent(40),
    keptUsage: spent(10),
    error: { code: 'boom', message: 'it\u001b[2J broke', retryable: false },
  },
  workflow: {
    nodes: [
      {
        node: 'plan',
        change: 'changed',
        differences: { items: [{ op: 'replace', path: '/with/prompt', was: 'long', value: 'short' }], count: 3 },
      },
      { node: 'new', change: 'added' },
      { node: 'old', change: 'removed' },
    ],
    count: 7,
    keys: ['state'],
  },
  state: {
    items: [
      { op: 'add', path: '/log/-', value: 'x' },
      { op: 'remove', path: '/gone', was: 1 },
    ],
    count: 2,
  },
  output: { items: [{ op: 'replace', path: '' }], count: 1 },
  nodes: [
    {
      node: 'plan',
      from: { ...DONE, usage: spent(10) },
      to: { ...DONE, attempts: 2, durationMs: 2000, usage: spent(40) },
      outputs: {
        equal: 0,
        different: 1,
        onlyFrom: 0,
        onlyTo: 0,
        first: {
          key: 'plan#0',
          differences: { items: [{ op: 'replace', path: '/text', was: 'a', value: 'b' }], count: 1 },
        },
      },
    },
    {
      node: 'work',
      from: { ...DONE, tasks: 3 },
      to: { ...DONE, status: 'failed', tasks: 4, kept: 2, attempts: 4 },
      outputs: { equal: 2, different: 1, onlyFrom: 0, onlyTo: 1, first: { key: 'each#0[2]/work#0' } },
    },
    { node: 'old', from: DONE, to: null, outputs: { equal: 0, different: 0, onlyFrom: 1, onlyTo: 0 } },
  ],
  nodeCount: 5,
};

describe('weft compare', () => {
  test('sets two runs beside each other, node by node', async () => {
    const { url, asked } = await routingServer(() => ({ status: 200, body: DIFFERENT }));
    const { code, out, err } = await weft(['compare', 'R1', 'R2', '--url', url]);

    expect([code, err, asked[0]?.what]).toEqual([0, '', 'GET /v1/runs/R1/compare?other=R2']);
    expect(out.split('\n')).toEqual([
      'A R1  a@1  ✓ succeeded  in 1.5s  15 tokens (10 in, 5 out), $0.01',
      'B R2  a@2  ✗ failed  45 tokens (40 in, 5 out), $0.04  of which 15 tokens (10 in, 5 out), $0.01 before it was forked  boom: it [2J broke',
      'B comes from A: the same up to R1@3',
      '',
      'defined otherwise',
      '~ plan > with > prompt = "long" -> "short"',
      '  and 2 more places',
      '+ new',
      '- old',
      'and 4 more nodes',
      '~ state',
      '',
      'NODE   A            B                      TASKS   ATTEMPTS  TOOK          TOKENS    COST            OUTPUT',
      'plan   ✓ succeeded  ✓ succeeded            1       1 -> 2    12ms -> 2.0s  15 -> 45  $0.01 -> $0.04  different',
      'work   ✓ succeeded  ✗ failed, 2 of 4 kept  3 -> 4  1 -> 4    12ms          0         $0              1 different, 1 only in B, 2 equal',
      'old    ✓ succeeded                         1       1         12ms          0         $0              only in A',
      'total                                                        36ms -> 2.0s  15 -> 45  $0.01 -> $0.04',
      'and 2 more nodes',
      '',
      'outputs of nodes',
      '~ plan#0 > text = "a" -> "b"',
      '',
      'state',
      '+ log > - = "x"',
      '- gone = 1',
      '',
      'output of the run',
      '~ (all of it) = (long) -> (long)',
      '',
    ]);
  });

  test('is short where nothing differs, and fits a terminal', async () => {
    const url = await answeringServer({ status: 200, body: SAME });
    const [out, err] = [fakeStream({ isTty: true, columns: 40 }), fakeStream()];
    const { code } = await weft(['compare', 'R1', 'R2', '--url', url], { terminal: { out, err } });

    expect(code).toBe(0);
    expect(out.text().split('\n')).toEqual([
      'A R1  a@1  ✓ succeeded  in 1.5s',
      'B R2  a@1  ✓ succeeded  in 1.5s',
      'B comes from A: the same up to R1@3',
      '',
      'NODE   A            B                  …',
      'a      ✓ succeeded  ✓ succeeded, kept  …',
      'total                                  …',
      '',
    ]);
  });

  test.each<[Partial<RunComparison>, string]>([
    [{ relation: 'original' }, 'A comes from B: the same up to R1@3'],
    [{ relation: 'siblings' }, 'A and B come from the same run: the same up to R1@3'],
    [{ relation: 'none', common: null }, 'A and B have nothing in common'],
    [{ relation: 'same' }, 'A and B are the same run'],
    [{ common: { runId: 'R1', step: 0 } }, 'B comes from A: started again from the beginning'],
    [{ nodes: [] }, 'no task has begun'],
    [{ state: null }, 'the states are too large to be compared'],
  ])('says how they are related, and what there is not: %j', async (parts, line) => {
    const url = await answeringServer({ status: 200, body: { ...SAME, ...parts } });
    expect((await weft(['compare', 'R1', 'R2', '--url', url])).out.split('\n')).toContain(line);
  });

  test('shows long values from where they begin to differ', async () => {
    const items = [
      { op: 'replace', path: '/x', was: `${'a'.repeat(200)}b`, value: `${'a'.repeat(200)}c${'d'.repeat(200)}` },
    ];
    const state = { items, count: 1 };
    const url = await answeringServer({ status: 200, body: { ...SAME, state } });
    const tail = 'a'.repeat(20);
    expect((await weft(['compare', 'R1', 'R2', '--url', url])).out).toContain(
      `~ x = …${tail}b" -> …${tail}c${'d'.repeat(97)}…\n`,
    );
  });

  test('as JSON is what the server says', async () => {
    const url = await answeringServer({ status: 200, body: DIFFERENT });
    expect(JSON.parse((await weft(['compare', 'R1', 'R2', '--json', '--url', url])).out)).toEqual(DIFFERENT);
  });

  test('of a run that is not there ends with 3', async () => {
    const url = await answeringServer(problem(404, 'not_found'));
    expect(await weft(['compare', 'R1', 'R2', '--url', url])).toMatchObject({ code: 3, out: '' });
  });
});
