import type { Checkpoint, CheckpointDiff, CheckpointPage, CheckpointTask } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { answeringServer, problem, routingServer } from './answering-server.ts';
import { weft } from './fake-terminal.ts';

const AT = '2026-01-01T00:00:00.000Z';
const TASK: CheckpointTask = {
  id: 'T',
  key: 'a#0',
  node: 'a',
  iteration: 0,
  status: 'succeeded',
  attempt: 1,
  failures: 0,
  crashes: 0,
};
const WAITING: CheckpointTask = { ...TASK, key: 'b#0', node: 'b', status: 'waiting', waits: 'retry', attempt: 2 };
const COUNTERS = { live: 1, asking: 0, failed: 0, openJoins: 1, generations: 0, keptMail: 0 };
const CHECKPOINT: Checkpoint = {
  id: 'R@7',
  runId: 'R',
  step: 7,
  parent: 6,
  epoch: 0,
  type: 'task_succeeded',
  node: 'a\u001b[2J',
  at: AT,
  status: 'running',
  state: { log: ['x'] },
  tasks: [TASK, WAITING],
  nextCursor: 'c2',
  next: [
    { key: 'b#0', node: 'b', iteration: 0, status: 'waiting', waits: 'time', dueAt: AT },
    { key: 'r#0', node: 'r', iteration: 0, status: 'ready' },
    { key: 's#0', node: 's', iteration: 0, status: 'waiting', waits: 'items', items: { begun: 5, ended: 2 } },
    { key: 'j#0', node: 'j', iteration: 0, status: 'pending', waits: 'edges', edges: { ended: 1, total: 2 } },
  ],
  counters: { tasks: { succeeded: 300, waiting: 1 }, next: 4, ...COUNTERS },
};

describe('weft checkpoints', () => {
  test('lists them with the step that they follow, where it is not the one before', async () => {
    const one = { id: 'R@1', epoch: 0, type: 'run_started', at: AT, status: 'running' } as const;
    const items = [{ ...one, step: 1, parent: 0 }, { ...one, step: 6, parent: 3, type: 'retried', node: 'n' } as const];
    const { url, asked } = await routingServer(() => ({
      status: 200,
      body: { items, nextCursor: 'c' } satisfies CheckpointPage,
    }));
    const { code, out, err } = await weft(['checkpoints', 'R', '-n', '2', '--url', url]);

    expect([code, asked[0]?.what]).toEqual([0, 'GET /v1/runs/R/checkpoints?limit=2']);
    expect(out.split('\n')).toEqual([
      'STEP    TYPE         NODE  RUN      AT',
      `1       run_started        running  ${AT}`,
      `6 <- 3  retried      n     running  ${AT}`,
      '',
    ]);
    expect(err).toBe('more: --cursor c\n');
  });
});

describe('weft checkpoint', () => {
  test('shows the tasks, what comes next and the state', async () => {
    const { url, asked } = await routingServer(() => ({ status: 200, body: CHECKPOINT }));
    const { code, out, err } = await weft(['checkpoint', 'R@7', '--url', url]);

    expect([code, asked[0]?.what]).toEqual([0, 'GET /v1/runs/R/checkpoints/7?limit=200']);
    expect(out.split('\n')).toEqual([
      `R@7  task_succeeded a [2J  ${AT}  running`,
      '',
      'tasks 2 of 301',
      '✓ a#0 succeeded',
      '◷ b#0 waiting (attempt 2, waits for its next attempt)',
      '',
      'next 4 of 4',
      `◷ b#0 waits until ${AT}`,
      '○ r#0 could run',
      '◷ s#0 waits for its items: 2 of 5 begun ones have ended',
      '· j#0 1 of its 2 edges have ended',
      '',
      'state',
      ...JSON.stringify(CHECKPOINT.state, null, 2).split('\n'),
      '',
    ]);
    expect(err).toBe('more tasks: --cursor c2\n');
  });

  test('as JSON is what the server says', async () => {
    const url = await answeringServer({ status: 200, body: CHECKPOINT });
    expect(JSON.parse((await weft(['checkpoint', 'R@7', '--json', '--url', url])).out)).toEqual(CHECKPOINT);
  });

  test('that is not there ends with 3', async () => {
    const url = await answeringServer(problem(404, 'not_found'));
    expect(await weft(['checkpoint', 'R@7', '--url', url])).toMatchObject({ code: 3, out: '' });
  });
});

describe('weft diff', () => {
  const named = (step: number) => ({ id: `R@${step}`, runId: 'R', step, at: AT, status: 'running' }) as const;
  const diff: CheckpointDiff = {
    from: named(3),
    to: named(7),
    patch: [
      { op: 'remove', path: '/gone' },
      { op: 'replace', path: '/a~1b/0', value: { x: 1 } },
      { op: 'add', path: '/log/-', value: 'new' },
    ],
    tasks: {
      added: [WAITING],
      removed: [],
      changed: [{ before: { ...TASK, status: 'ready', attempt: 1 }, after: { ...TASK, attempt: 2 } }],
      counts: { added: 1, removed: 0, changed: 9 },
    },
    elapsedMs: 1500,
    usage: {
      from: { inputTokens: 0, outputTokens: 0, usd: 0 },
      to: { inputTokens: 70, outputTokens: 35, usd: 0.0012 },
    },
  };

  test('tells what was added, changed and removed', async () => {
    const { url, asked } = await routingServer(() => ({ status: 200, body: diff }));
    const { code, out } = await weft(['diff', 'R@3', '@7', '--url', url]);

    expect([code, asked[0]?.what]).toEqual([0, 'GET /v1/runs/R/diff?from=3&to=7']);
    expect(out.split('\n')).toEqual([
      'R@3 running -> R@7 running, 1.5s later',
      'spent: nothing -> 105 tokens (70 in, 35 out), $0.0012',
      '',
      'state',
      '- gone',
      '~ a/b > 0 = {"x":1}',
      '+ log > - = "new"',
      '',
      'tasks',
      '~ ✓ a#0 succeeded (attempt 2), was ready at attempt 1',
      '+ ◷ b#0 waiting (attempt 2, waits for its next attempt)',
      'and 8 more tasks',
      '',
    ]);
  });

  test('says where nothing differs, and compares two runs', async () => {
    const tasks = { added: [], removed: [], changed: [], counts: { added: 0, removed: 0, changed: 0 } };
    const usage = { from: diff.usage.from, to: diff.usage.from };
    const body = { ...diff, patch: [], tasks, elapsedMs: -2, usage };
    const { url, asked } = await routingServer(() => ({ status: 200, body }));
    const { out } = await weft(['diff', 'R@3', 'S@7', '--url', url]);

    expect(asked[0]?.what).toBe('GET /v1/runs/R/diff?from=3&to=7&other=S');
    expect(out).toContain('2ms earlier\n\nthe state is the same\n\nno task differs\n');
    expect(JSON.parse((await weft(['diff', 'R@3', 'S@7', '--json', '--url', url])).out)).toEqual(body);
  });

  test.each([['R'], ['R@0'], ['R@x'], ['@3'], ['R@3@4']])('%s is no checkpoint', async (name) => {
    const { code, err } = await weft(['diff', name, 'R@1']);
    expect([code, err]).toEqual([2, expect.stringContaining('RUN@STEP')]);
  });
});
