import { createFakeClock } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { compileGraph } from '../../src/domain/graph/graph.ts';
import type { Executor, Outcome, Secrets } from '../../src/ports/index.ts';
import { executeAttempt } from '../../src/runtime/worker/execute-attempt.ts';
import type { Attempt, ExecuteDeps } from '../../src/runtime/worker/execute-attempt.ts';

const graph = compileGraph(
  { tenant: 'default', name: 'x', version: 1 },
  { name: 'x', nodes: { a: { type: 'task', uses: 'work' } } },
);

const secrets: Secrets = {
  resolve: (input) => ({ kind: 'resolved', input, secrets: [] }),
  redact: (value) => value,
  redactOutcome: (outcome) => outcome,
};

/** What becomes of what an executor returns. */
async function outcomeOf(returned: unknown): Promise<Outcome | null> {
  const work: Executor = { type: 'work', run: async () => returned as Outcome };
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const deps: ExecuteDeps = {
    executors: new Map([['work', work]]),
    secrets,
    clock: createFakeClock(),
    log,
    onProgress() {},
  };
  const node = graph.nodes.get('a');
  return executeAttempt(deps, { message: {}, node, material: {}, stop: new AbortController() } as Attempt);
}

describe('an outcome with goto', () => {
  test('is passed on, fit to be stored', async () => {
    const returned = { kind: 'succeeded', output: 1, stateUpdates: { a: 1 }, goto: ['b', '__end__', 'c\u0000'] };

    expect(await outcomeOf(returned)).toEqual({ ...returned, goto: ['b', '__end__', 'c\ufffd'] });
  });

  test.each<[unknown]>([['b'], [[]], [[1]], [[['b']]], [Array.from({ length: 101 }, () => 'b')], [new Map()]])(
    'that is %j is refused',
    async (goto) => {
      expect(await outcomeOf({ kind: 'succeeded', output: 1, goto })).toMatchObject({
        kind: 'failed',
        error: { code: 'invalid_goto', retryable: false },
      });
    },
  );
});
