/** The input of a task, from what it reads (rule A7). */
import type { Json } from '@weft/contract';

import { ExpressionError } from '../../domain/expression/expression-error.ts';
import type { GraphNode } from '../../domain/graph/graph.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import { ownerOf } from '../../domain/task-key.ts';
import type { InputMaterial, TaskMessage } from '../../ports/index.ts';
import { failed } from './failed.ts';

type ToRender = { node: GraphNode; material: InputMaterial; message: Pick<TaskMessage, 'key'> };

/** What somebody has put in its place, or else renders the node's `with`; a template that fails is a failure of the task. */
export function renderInput({
  node,
  material,
  message,
}: ToRender): { kind: 'rendered'; value: Json } | Extract<Outcome, { kind: 'failed' }> {
  const { input, config, captured, item, nodes, edit } = material;
  if (edit) return { kind: 'rendered', value: edit.with };
  const scope = { input, config, state: captured, nodes, ...(ownerOf(message.key) && { item }) };
  try {
    if (node.template === null) return { kind: 'rendered', value: {} };
    return { kind: 'rendered', value: node.template.render(scope) };
  } catch (error) {
    if (error instanceof ExpressionError) return failed(error.code, `with${error.pointer}: ${error.message}`);
    return failed('template_failed', String(error));
  }
}
