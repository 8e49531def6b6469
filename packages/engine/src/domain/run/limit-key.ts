/** Under which key limits count a task: what its node's `concurrencyKey` gives when it is armed. */
import type { TaskError } from '@weft/contract';

import type { GraphNode } from '../graph/graph.ts';
import { expressionFailure, scopeOf } from './flow.ts';
import type { ScopeParts } from './flow.ts';
import type { WorkingRun } from './working-run.ts';

/** It stands in an index and in keys. */
const MOST_CHARACTERS = 200;

export type LimitKey = { kind: 'key'; key: string | null } | { kind: 'failed'; error: TaskError };

export function limitKeyOf(run: WorkingRun, node: GraphNode, task: ScopeParts): LimitKey {
  const { limitKey: template } = node;
  if (template === null) return { kind: 'key', key: null };
  try {
    const value = template.isStatic ? template.render(NOTHING) : template.render(scopeOf(run, node, task));
    const key = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
    if (key !== '' && key.length <= MOST_CHARACTERS) return { kind: 'key', key };
    const given = JSON.stringify(value).slice(0, 100);
    const message = `the concurrencyKey of ${node.name} gave ${given}, not a text of 1 to ${MOST_CHARACTERS} characters`;
    return { kind: 'failed', error: { code: 'bad_concurrency_key', message, retryable: false } };
  } catch (error) {
    return { kind: 'failed', error: expressionFailure(error) };
  }
}

const NOTHING = { input: null, config: null, state: {}, nodes: {} };
