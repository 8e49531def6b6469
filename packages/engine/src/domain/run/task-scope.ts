/** What the expressions of a task read. */
import type { TaskError } from '@weft/contract';

import { ExpressionError } from '../expression/expression-error.ts';
import type { Reference, Scope } from '../expression/scope.ts';
import type { GraphNode } from '../graph/graph.ts';
import { keptIn } from '../outcome/kept-output.ts';
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
  requireWhole(scope.nodes, readsOf(node));
  return ownerOf(task.key) ? { ...scope, item: task.item } : scope;
}

/** A worker renders a task's own input, with the whole values. */
function readsOf({ type, when, on, limitKey, template }: GraphNode): Reference[] {
  return [when, on, limitKey, type === 'task' ? null : template].flatMap((one) => one?.references ?? []);
}

/**
 * The engine loads no artifacts: of an output that is kept as one it knows the reference alone. It can be handed on; to look into
 * it is a mistake. Nodes whose outputs the engine reads keep none, so that this is the output of a child run, or of a version
 * that read it nowhere.
 */
export function requireWhole(nodes: Scope['nodes'], references: readonly Reference[]): void {
  for (const { root, path } of references) {
    if (root !== 'nodes' || path.length < 2) continue;
    const name = String(path[0]);
    const artifact = Object.hasOwn(nodes, name) ? keptIn(nodes[name]?.output ?? null) : null;
    if (artifact === null) continue;
    const message = `the output of ${name} is kept as the artifact ${artifact}, and is read here by the engine: read it in the input of a task, or give the child workflow an output template`;
    throw new ExpressionError('artifact_not_loaded', message);
  }
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
