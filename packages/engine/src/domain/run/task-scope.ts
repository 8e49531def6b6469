/** What the expressions of a task read. */
import type { TaskError } from '@weft/contract';

import { ExpressionError } from '../expression/expression-error.ts';
import type { Scope } from '../expression/scope.ts';
import type { GraphNode } from '../graph/graph.ts';
import { ownerOf } from '../task-key.ts';
import { noReads } from './reads.ts';
import type { TaskRecord } from './records.ts';
import type { SeenRun } from './seen-run.ts';

/** What expressions are shown of the input and the config of a run that do not read them: both may be large. */
export const NO_BODY = { input: null, config: null };

/** The values that a task's expressions may read, as it saw them when it became ready (rule A7). */
export function scopeOf(run: SeenRun, node: GraphNode, task: ScopeParts): Scope {
  const tasks = new Set(node.resultReads.map((name) => `${name}#${task.iterations?.[name] ?? 0}`));
  run.expect({ ...noReads(), tasks, body: node.readsBody });
  const { input, config } = node.readsBody ? run.body() : NO_BODY;
  const scope: Scope = { input, config, state: task.captured ?? {}, nodes: resultsOf(run, node.resultReads, task) };
  return ownerOf(task.key) ? { ...scope, item: task.item } : scope;
}

export type ScopeParts = Pick<TaskRecord, 'key' | 'readsAt' | 'captured' | 'iterations' | 'item'>;

/** Those of the nodes that have settled, as a task sees them. */
export function resultsOf(
  run: SeenRun,
  names: readonly string[],
  task: Pick<TaskRecord, 'readsAt' | 'iterations'>,
): Scope['nodes'] {
  const nodes: Record<string, NonNullable<ReturnType<SeenRun['result']>>> = {};
  for (const name of names) {
    const result = run.result(name, task);
    if (result) nodes[name] = result;
  }
  return nodes;
}

/** An expression's failure as the failure of its task. Anything else is the engine's own and goes on. */
export function expressionFailure(error: unknown): TaskError {
  if (!(error instanceof ExpressionError)) throw error;
  return { code: error.code, message: error.message, retryable: false };
}
