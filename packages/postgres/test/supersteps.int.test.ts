/** Superstep mode on a real database, with a real worker. */
import type { WorkflowDocument } from '@weft/contract';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const task = { type: 'task', uses: 'echo' } as const;
const log = { log: { type: 'array', reducer: 'append', default: [] } };

/** Tasks whose names are in it have failed once. */
const failed = new Set<string>();
const calls: string[] = [];

let database: TestDatabase;
let rig: Rig;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = await createRig({
    url: database.url,
    executors: {
      /** What it is given, and updates of the state or a goto beside it. */
      give: async ({ input, node }) => {
        calls.push(node);
        const { output = null, ...parts } = input as { output?: null } & object;
        return { kind: 'succeeded', output, ...parts };
      },
      flaky: async ({ node, runId }) => {
        const name = `${runId} ${node}`;
        if (failed.has(name)) return { kind: 'succeeded', output: node };
        failed.add(name);
        return { kind: 'failed', error: { code: 'flaky', message: 'not yet', retryable: false } };
      },
    },
  });
});

afterAll(async () => {
  await rig?.stop();
  await database?.drop();
});

function steps(name: string, document: object): WorkflowDocument {
  return { name, mode: 'superstep', ...document } as WorkflowDocument;
}

/** The stored value of the key `log`. */
async function logOf(runId: string): Promise<unknown> {
  const channel = (await rig.store.reader.channels(runId, null)).get('log');
  return channel?.deltas.flatMap((delta) => (delta as { __updates?: unknown[] }).__updates ?? [delta]);
}

describe('superstep mode on a real database', () => {
  test('B9: applies the updates of a wide superstep in the order of names', async () => {
    const names = Array.from({ length: 60 }, (_, n) => `w${String(n).padStart(2, '0')}`);
    const workers = Object.fromEntries(
      names.map((name) => [name, { ...task, with: name, needs: ['first'], output: 'log' }]),
    );
    const last = { ...task, needs: names, with: '${state.log}' };
    const run = await rig.run(steps('wide', { state: log, nodes: { first: task, ...workers, last } }));

    expect(run.head).toMatchObject({ status: 'succeeded', generations: 2 });
    expect((await rig.tasks(run.head.id))['last#0']?.output).toEqual(names);
  });

  test('B9: goes round a circle of plain edges with a barrier, until a condition holds no more', async () => {
    const nodes = {
      a: { ...task, with: 'a', output: 'log', when: 'size(state.log) < 40' },
      b: { ...task, with: 'b', output: 'log', needs: ['a'] },
      c: { ...task, with: 'c', output: 'log', needs: ['a'] },
      both: { ...task, with: { seen: '{{ state.log | size }}' }, needs: ['b', 'c'] },
    };
    const edges = [
      ['__start__', 'a'],
      ['both', 'a'],
    ];
    const run = await rig.run(steps('round', { state: log, nodes, edges }));

    expect(run.head.status).toBe('succeeded');
    expect(await logOf(run.head.id)).toEqual(Array.from({ length: 14 }, () => ['a', 'b', 'c']).flat());
    expect((await rig.tasks(run.head.id))['both#13']).toMatchObject({ status: 'succeeded', output: { seen: '42' } });
  });

  test('B9: sends, gotos and explicit updates come together at the barrier', async () => {
    const nodes = {
      plan: { ...task, uses: 'give', with: { stateUpdates: { log: 'plan' }, goto: ['extra'] } },
      each: { type: 'send', items: [3, 1, 2], target: 'item', needs: ['plan'] },
      item: { ...task, uses: 'give', with: { stateUpdates: { log: '${item}' } } },
      idle: { ...task, when: 'false' },
      extra: { ...task, uses: 'give', with: { stateUpdates: { log: ['x', 'y'] } } },
      sum: { ...task, needs: ['item'], with: '${state.log}' },
    };
    const edges = [
      ['__start__', 'plan'],
      ['__start__', 'idle'],
      ['idle', 'extra'],
    ];
    const run = await rig.run(steps('together', { state: log, nodes, edges }));

    expect(run.head.status).toBe('succeeded');
    expect((await rig.tasks(run.head.id))['sum#0']?.output).toEqual(['plan', 'x', 'y', 3, 1, 2]);
  });

  test('B3, B9: a failure applies nothing; a retry runs only what had not finished', async () => {
    calls.length = 0;
    const nodes = {
      ok: { ...task, uses: 'give', with: { stateUpdates: { log: 'ok' } } },
      bad: { ...task, uses: 'flaky', output: 'log' },
      next: { ...task, needs: ['ok', 'bad'], with: '${state.log}' },
    };
    const run = await rig.run(steps('flaky', { state: log, nodes }));
    expect(run.error).toMatchObject({ code: 'flaky' });
    expect(await logOf(run.head.id)).toBeUndefined();

    await rig.engine.retryRun({ tenant: 'default', runId: run.head.id, idempotency: null });
    await expect
      .poll(async () => (await rig.tasks(run.head.id))['next#0']?.status, { timeout: 20_000 })
      .toBe('succeeded');
    const tasks = await rig.tasks(run.head.id);
    expect(tasks['next#0']?.output).toEqual(['bad', 'ok']);
    const hadFinished = tasks['ok#0']?.attempt === 1;
    expect(calls.filter((node) => node === 'ok')).toHaveLength(hadFinished ? 1 : 2);
  });

  test('B9: two updates of a key without a reducer fail the run, and say why', async () => {
    const nodes = { a: { ...task, output: 'last' }, b: { ...task, output: 'last' } };
    const run = await rig.run(steps('clash', { state: { last: { type: 'any' } }, nodes }));

    expect(run.error).toMatchObject({ code: 'concurrent_update', details: { key: 'last', nodes: ['a', 'b'] } });
  });
});
