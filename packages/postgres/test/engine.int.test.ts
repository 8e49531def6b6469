import type { WorkflowDocument } from '@weft/contract';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let database: TestDatabase;
let rig: Rig;

beforeAll(async () => {
  database = await createTestDatabase();
  rig = await createRig({
    url: database.url,
    executors: {
      fail: async ({ input }) => ({
        kind: 'failed',
        error: {
          code: 'broken',
          message: 'on purpose',
          retryable: (input as { retryable?: boolean }).retryable ?? false,
        },
      }),
      flaky: async ({ attempt }) =>
        attempt < 3
          ? { kind: 'failed', error: { code: 'flaky', message: 'not yet', retryable: true } }
          : { kind: 'succeeded', output: { attempt } },
    },
  });
});

afterAll(async () => {
  await rig.stop();
  await database.drop();
});

function chain(length: number): WorkflowDocument {
  const names = Array.from({ length }, (_, n) => `n${n}`);
  const nodes = Object.fromEntries(
    names.map((name, n) => [
      name,
      {
        type: 'task',
        uses: 'echo',
        with: n === 0 ? { n: '${input.n}' } : `\${n${n - 1}}`,
        ...(n > 0 && { needs: [`n${n - 1}`] }),
      },
    ]),
  );
  return { name: `chain-${length}`, nodes } as WorkflowDocument;
}

function fan(width: number): WorkflowDocument {
  const names = Array.from({ length: width }, (_, n) => `w${n}`);
  const middle = names.map((name) => [
    name,
    { type: 'task', uses: 'echo', with: { name }, needs: ['first'], output: 'done' },
  ]);
  return {
    name: `fan-${width}`,
    state: { done: { type: 'array', reducer: 'append', default: [] } },
    nodes: {
      first: { type: 'task', uses: 'echo' },
      ...Object.fromEntries(middle),
      last: { type: 'task', uses: 'echo', with: { count: '{{ state.done.size }}' }, needs: names },
    },
  };
}

describe('a run on a real database', () => {
  test('passes a chain of outputs from node to node', async () => {
    const run = await rig.run(chain(5), { input: { n: 7 } });

    expect(run.head).toMatchObject({ status: 'succeeded', live: 0 });
    expect((await rig.tasks(run.head.id))['n4#0']?.output).toEqual({ n: 7 });
    expect(await rig.steps(run.head.id)).toEqual([
      'run_started',
      'task_succeeded n0',
      'task_succeeded n1',
      'task_succeeded n2',
      'task_succeeded n3',
      'task_succeeded n4',
      'run_ended',
    ]);
  });

  test('joins a fan of forty with their state', async () => {
    const run = await rig.run(fan(40));

    expect(run.head.status).toBe('succeeded');
    expect((await rig.tasks(run.head.id))['last#0']?.output).toEqual({ count: '40' });
  });

  test('retries a flaky task until it succeeds', async () => {
    const run = await rig.run({
      name: 'flaky',
      nodes: { a: { type: 'task', uses: 'flaky', retry: { maxAttempts: 3, initialMs: 10 } } },
    });

    expect(run.head.status).toBe('succeeded');
    expect((await rig.tasks(run.head.id))['a#0']).toMatchObject({ attempt: 3, failures: 2, output: { attempt: 3 } });
  });
});
