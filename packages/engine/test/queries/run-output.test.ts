import type { Json, WorkflowDocument } from '@weft/contract';
import { describe, expect, test } from 'vitest';

import { compileGraph } from '../../src/domain/graph/graph.ts';
import type { RunHead, RunStatus, TaskStatus } from '../../src/domain/run/records.ts';
import type { RunReader, RunRecord, TaskView } from '../../src/ports/index.ts';
import { runOutput } from '../../src/runtime/queries/run-output.ts';

const ref = { tenant: 'default', name: 'x', version: 1 };

async function outputOf(
  document: Omit<WorkflowDocument, 'name'>,
  results: Record<string, [TaskStatus, Json]>,
  run: { status?: RunStatus; stored?: Json } = {},
): Promise<Json> {
  const tasksByKey = async (_runId: string, keys: readonly string[]) =>
    Object.entries(results)
      .filter(([node]) => keys.includes(`${node}#0`))
      .map(([node, [status, output]]) => ({ node, status, output }) as TaskView);
  const record = {
    head: { id: 'r', status: run.status ?? 'succeeded' } as RunHead,
    output: run.stored ?? null,
  } as RunRecord;
  const graph = compileGraph(ref, { name: 'x', ...document });
  return runOutput({ tasksByKey } as Partial<RunReader> as RunReader, graph, record);
}

const echo = { type: 'task', uses: 'echo' } as const;

describe('the output of a run', () => {
  test('is what the template gave, if there is one', async () => {
    expect(await outputOf({ output: 1, nodes: { a: echo } }, { a: ['succeeded', 2] }, { stored: 1 })).toBe(1);
  });

  test('is the output of the only final node', async () => {
    const nodes = { a: echo, b: { ...echo, needs: ['a'] } };
    expect(await outputOf({ nodes }, { a: ['succeeded', 1], b: ['succeeded', 2] })).toBe(2);
    expect(await outputOf({ nodes }, { a: ['succeeded', 1], b: ['skipped', null] })).toBeNull();
  });

  test('is an object of the final nodes that have succeeded, even if only one has', async () => {
    const nodes = { a: echo, b: echo, c: echo };
    expect(await outputOf({ nodes }, { a: ['succeeded', 1], b: ['failed', null], c: ['succeeded', null] })).toEqual({
      a: 1,
      c: null,
    });
    expect(await outputOf({ nodes }, { b: ['succeeded', 2], a: ['skipped', null] })).toEqual({ b: 2 });
  });

  test('is null until the run has succeeded', async () => {
    for (const status of ['running', 'failed', 'cancelled'] as const) {
      expect(await outputOf({ nodes: { a: echo } }, { a: ['succeeded', 1] }, { status, stored: 3 })).toBeNull();
    }
  });
});
