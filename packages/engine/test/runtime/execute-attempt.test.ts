import { setImmediate as turn } from 'node:timers/promises';

import { createFakeClock, createMemoryResultCache, taskMessage } from '@weft/testkit';
import type { WorkflowDocument } from '@weft/contract';
import { describe, expect, test } from 'vitest';

import { compileGraph } from '../../src/domain/graph/graph.ts';
import type { BudgetStore, ExecutorCall, InputMaterial, Outcome, ResultCache, Secrets } from '../../src/ports/index.ts';
import { createArtifacts } from '../../src/runtime/artifacts/artifacts.ts';
import { AttemptVoice } from '../../src/runtime/worker/attempt-voice.ts';
import { Cashier } from '../../src/runtime/worker/cashier.ts';
import { executeAttempt } from '../../src/runtime/worker/execute-attempt.ts';
import { LiveOutbox } from '../../src/runtime/worker/live-outbox.ts';
import type { OutboxDeps } from '../../src/runtime/worker/live-outbox.ts';
import { SharedResults } from '../../src/runtime/worker/shared-results.ts';

const LEASE_MS = 15_000;
/** Nothing may be asked of it: nobody has a budget here. */
const NO_BUDGETS = {} as BudgetStore;
const log = { debug() {}, info() {}, warn() {}, error() {} };

type Given = Partial<InputMaterial> & { node?: object; tenant?: string; version?: string; secret?: string };

/** A worker with one executor, which answers as it is told. */
function scene(answer: (call: ExecutorCall) => Promise<Outcome>) {
  const clock = createFakeClock();
  const memory = createMemoryResultCache(clock);
  const asked: unknown[] = [];
  const results: ResultCache = {
    ...memory,
    async claim(request) {
      asked.push(request);
      return memory.claim(request);
    },
    async keep(lease, kept) {
      asked.push(lease, kept);
      return memory.keep(lease, kept);
    },
  };
  const shared = new SharedResults({ results, leaseMs: LEASE_MS, clock, log });
  let calls = 0;
  const resolved: (readonly string[])[] = [];
  const run = async (call: ExecutorCall): Promise<Outcome> => {
    calls += 1;
    return answer(call);
  };

  function execute({ node = {}, tenant = 'acme', version = '1', secret = 's3cret', ...material }: Given = {}) {
    const workflow = { tenant, name: 'x', version: 1 };
    const a = { type: 'task', uses: 'work', cache: { ttlMs: 60_000 }, ...node };
    const graph = compileGraph(workflow, { name: 'x', nodes: { a } } as unknown as WorkflowDocument);
    const compiled = graph.nodes.get('a');
    if (!compiled) throw new Error('no node');
    const stop = new AbortController();
    const outcome = executeAttempt(
      {
        executors: new Map([['work', { type: 'work', run }]]),
        version,
        shared,
        files: createArtifacts({}),
        cashier: new Cashier({ budgets: NO_BUDGETS, clock, log }),
        clock,
        log,
        secrets: {
          resolve: (input, paths) => {
            resolved.push(paths);
            return { kind: 'resolved', input: paths.length > 0 ? { token: secret } : input, secrets: [secret] };
          },
          redact: (value) => value,
          redactText: () => null,
          redactOutcome: (given) => JSON.parse(JSON.stringify(given).replaceAll(secret, '***')) as Outcome,
        },
      },
      {
        message: { ...taskMessage('default'), workflow },
        node: compiled,
        material: { input: {}, config: {}, captured: {}, item: null, nodes: {}, ...material },
        stop,
        memo: null,
        voice: silentVoice(),
      },
    );
    return { outcome, stop };
  }
  return { execute, clock, asked, resolved, calls: () => calls };
}

/** Nobody watches. */
function silentVoice(): AttemptVoice {
  const secrets = { redactText: () => null } as Partial<Secrets> as Secrets;
  const deps = { live: { append: async () => undefined }, clock: createFakeClock() };
  const outbox = new LiveOutbox({ ...deps, log } as unknown as OutboxDeps);
  return new AttemptVoice({ outbox, message: taskMessage('default'), worker: 'w', secrets, clock: deps.clock, log });
}

const echo = async ({ input }: ExecutorCall): Promise<Outcome> => ({ kind: 'succeeded', output: input });
const hang = ({ signal }: ExecutorCall): Promise<Outcome> => {
  const { promise, resolve } = Promise.withResolvers<Outcome>();
  const end = () => resolve({ kind: 'failed', error: { code: 'aborted', message: 'aborted', retryable: true } });
  signal.addEventListener('abort', end, { once: true });
  return promise;
};

describe('a cached task', () => {
  test('counts as computed before if its rendered input is the same, whatever it was rendered from', async () => {
    const { execute, calls } = scene(echo);
    await execute({ node: { with: { n: '${input.n}' } }, input: { n: 1 } }).outcome;
    const again = await execute({ node: { with: { n: '${config.n}' } }, input: { other: 2 }, config: { n: 1 } })
      .outcome;

    expect(again).toEqual({ kind: 'succeeded', output: { n: 1 }, cached: true });
    expect(calls()).toBe(1);
  });

  test.each([
    ['input', { input: { n: 2 } }],
    ['tenant', { tenant: 'globex' }],
    ['version', { version: '2' }],
  ])('is computed anew for another %s', async (_, given) => {
    const { execute, calls } = scene(echo);
    const node = { with: { n: '${input.n}' } };
    await execute({ node, input: { n: 1 } }).outcome;
    await execute({ node, input: { n: 1 }, ...given }).outcome;

    expect(calls()).toBe(2);
  });

  test('tells the cache the names of its secrets, never their values', async () => {
    const { execute, asked, calls } = scene(echo);
    const node = { with: { token: { secret: 'TOKEN' } } };
    await execute({ node }).outcome;
    const again = await execute({ node, secret: 'rotated' }).outcome;

    expect(again).toEqual({ kind: 'succeeded', output: { token: '***' }, cached: true });
    expect(calls()).toBe(1);
    expect(JSON.stringify(asked)).not.toContain('s3cret');
  });

  test('puts secrets where an edited input names them, not where the input of its node did', async () => {
    const inputs: unknown[] = [];
    const { execute, resolved } = scene(async ({ input }) => {
      inputs.push(input);
      return { kind: 'succeeded', output: 1 };
    });
    const node = { cache: undefined, with: { token: { secret: 'TOKEN' } } };
    const edited = { headers: [{ 'a/b': { secret: 'OTHER' } }], secret: { secret: 'ONE', too: 1 } };
    await execute({ node, edit: { with: edited, by: null } }).outcome;
    await execute({ node, edit: { with: { token: 'none any more' }, by: null } }).outcome;
    expect(resolved).toEqual([['/headers/0/a~1b'], []]);
    expect(inputs[1]).toEqual({ token: 'none any more' });
  });

  test('does not take for a secret what only looks like one', async () => {
    const { execute, calls } = scene(echo);
    await execute({ node: { with: { token: { secret: 'TOKEN' } } } }).outcome;
    await execute({ node: { with: '${input}' }, input: { token: { secret: 'TOKEN' } } }).outcome;

    expect(calls()).toBe(2);
  });

  test('cannot call its own result cached', async () => {
    const { execute } = scene(async () => ({ kind: 'succeeded', output: 1, cached: true }));

    expect(await execute().outcome).toEqual({ kind: 'succeeded', output: 1 });
  });

  test('that waits for another is bound by its own time', async () => {
    const { execute, clock, calls } = scene(hang);
    const first = execute({ node: { timeoutMs: 60_000 } });
    const second = execute({ node: { timeoutMs: 1000, heartbeatMs: 100 } });
    await turn();
    clock.advance(1000);

    expect(await second.outcome).toMatchObject({ kind: 'failed', error: { code: 'timeout', retryable: true } });
    expect(calls()).toBe(1);
    first.stop.abort('revoked');
    expect(await first.outcome).toBeNull();
  });

  test.each(['revoked', 'shutdown'])(
    'that waits for another has no outcome once it is stopped by %s',
    async (reason) => {
      const { execute } = scene(hang);
      const first = execute();
      const second = execute();
      await turn();
      second.stop.abort(reason);

      expect(await second.outcome).toBeNull();
      first.stop.abort('revoked');
      expect(await first.outcome).toBeNull();
    },
  );
});

test('a cached task that is stopped before it runs is not run', async () => {
  const { execute, calls } = scene(echo);
  const { outcome, stop } = execute();
  stop.abort('shutdown');

  expect(await outcome).toBeNull();
  expect(calls()).toBe(0);
});

test('a task without a cache asks for nothing', async () => {
  const { execute, asked, calls } = scene(echo);
  await execute({ node: { cache: undefined } }).outcome;
  await execute({ node: { cache: undefined } }).outcome;

  expect(asked).toEqual([]);
  expect(calls()).toBe(2);
});

describe('an outcome with goto', () => {
  const outcomeOf = (returned: unknown) =>
    scene(async () => returned as Outcome).execute({ node: { cache: undefined } });

  test('is passed on, fit to be stored', async () => {
    const returned = { kind: 'succeeded', output: 1, stateUpdates: { a: 1 }, goto: ['b', '__end__', 'c\u0000'] };

    expect(await outcomeOf(returned).outcome).toEqual({ ...returned, goto: ['b', '__end__', 'c\ufffd'] });
  });

  test.each<[unknown]>([['b'], [[]], [[1]], [[['b']]], [Array.from({ length: 101 }, () => 'b')], [new Map()]])(
    'that is %j is refused',
    async (goto) => {
      expect(await outcomeOf({ kind: 'succeeded', output: 1, goto }).outcome).toMatchObject({
        kind: 'failed',
        error: { code: 'invalid_goto', retryable: false },
      });
    },
  );
});
