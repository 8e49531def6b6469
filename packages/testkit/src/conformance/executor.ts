import type { Json } from '@weft/contract';
import type { Executor, ExecutorCall, Outcome } from '@weft/engine/ports';
import {
  callArtifacts,
  createArtifacts,
  createMemoryArtifactIndex,
  createMemoryArtifactStore,
} from '@weft/engine/runtime';
import type { Artifacts } from '@weft/engine/runtime';
import { describe, expect, test } from 'vitest';

/** What is tested: an executor with its schemas and an example, as `defineExecutor` makes it. */
export type ConformingExecutor = Executor & {
  readonly description: string;
  readonly example: Json;
  readonly schema: { readonly input: Schema; readonly output: Schema };
};

type Schema = { safeParse(value: unknown): { success: boolean } };

export type ExecutorConformanceOptions = {
  /** The name of the executor's file, without `.ts`. */
  fileName: string;
  /** An input that succeeds where the test runs; the example, if not given. */
  input?: () => Json;
  /** An input that would take minutes, and what shows that it is under way. Left out where a call cannot take long. */
  slow?: () => { input: Json; underWay: 'called' | 'heartbeat' };
};

/** How long an executor may go on after its signal was aborted. */
const OBEY_MS = 1_000;

const ODD_INPUTS: [name: string, input: Json][] = [
  ['null', null],
  ['a number', 42],
  ['a string', 'text with \0 and \ud800'],
  ['a list', [1, [2]]],
  ['an empty object', {}],
  ['unknown keys', { nobodyKnowsThis: true, '': {} }],
  ['a key that reaches into the prototype', JSON.parse('{"__proto__":{"url":1},"constructor":{}}') as Json],
  ['deep nesting', JSON.parse('['.repeat(5_000) + ']'.repeat(5_000)) as Json],
];

/** Artifacts that are gone with the test. */
export function memoryArtifacts(): Artifacts {
  return createArtifacts({ artifactStore: createMemoryArtifactStore(), artifacts: createMemoryArtifactIndex() });
}

/** One call as a worker makes it, with parts of one's own. */
export function executorCall(input: Json, parts: Partial<Omit<ExecutorCall, 'input'>> = {}): ExecutorCall {
  const signal = new AbortController().signal;
  const ids = { runId: '0197a000-0000-7000-8000-000000000001', taskId: '0197a000-0000-8000-8000-000000000002' };
  return {
    input,
    signal,
    artifacts: callArtifacts(memoryArtifacts(), { ...ids, tenant: 'default', signal }),
    ...ids,
    node: 'node',
    attempt: 1,
    memo: null,
    tenant: 'default',
    payer: null,
    idempotencyKey: '0197a000-0000-8000-8000-000000000002',
    log: () => undefined,
    heartbeat: () => undefined,
    emit: () => undefined,
    token: () => undefined,
    ...parts,
  };
}

/**
 * What every executor promises: its type is its file's name, its example and its outputs fit its schemas, it obeys its
 * signal within 1 s and it answers anything with an outcome.
 */
export function executorConformance(executor: ConformingExecutor, options: ExecutorConformanceOptions): void {
  describe(`the executor ${options.fileName}`, () => {
    test('is named as its file and says what it does', () => {
      expect(executor.type).toBe(options.fileName);
      expect(executor.description).toMatch(/^[A-Z].*\.$/);
    });

    test('shows an example that fits its input', () => {
      expect(executor.schema.input.safeParse(executor.example).success).toBe(true);
    });

    test('succeeds with an output that fits its schema and is JSON', async () => {
      const outcome = await executor.run(executorCall(options.input?.() ?? executor.example));

      if (outcome.kind !== 'succeeded') throw new Error(JSON.stringify(outcome));
      expect(executor.schema.output.safeParse(outcome.output).success).toBe(true);
      expect(JSON.parse(JSON.stringify(outcome.output))).toEqual(outcome.output);
    });

    test.each(ODD_INPUTS)('answers %s with an outcome', async (_name, input) => {
      expectOutcome(await executor.run(executorCall(input)));
    });

    test('does not begin when its signal is aborted already', async () => {
      const signal = AbortSignal.abort(new Error('shutdown'));
      const outcome = await executor.run(executorCall(options.input?.() ?? executor.example, { signal }));

      expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'aborted', retryable: true } });
    });

    const { slow } = options;
    if (slow === undefined) return;
    test('obeys its signal within a second', async () => {
      const { outcome, tookMs } = await abortSlowCall(executor, slow());

      expect(outcome).toMatchObject({ kind: 'failed', error: { code: 'aborted', retryable: true } });
      expect(tookMs).toBeLessThan(OBEY_MS);
    });
  });
}

function expectOutcome(outcome: Outcome): void {
  if (outcome.kind !== 'failed') return;
  expect(outcome.error.code).toMatch(/^[a-z][a-z0-9_]*$/);
  expect(outcome.error.message).not.toBe('');
}

async function abortSlowCall(executor: Executor, slow: { input: Json; underWay: 'called' | 'heartbeat' }) {
  const controller = new AbortController();
  const { promise: underWay, resolve } = Promise.withResolvers<void>();
  const call = executorCall(slow.input, { signal: controller.signal, heartbeat: () => resolve() });
  const running = executor.run(call);
  if (slow.underWay === 'called') resolve();
  await underWay;
  const abortedAt = performance.now();
  controller.abort(new Error('timeout'));
  return { outcome: await running, tookMs: performance.now() - abortedAt };
}
