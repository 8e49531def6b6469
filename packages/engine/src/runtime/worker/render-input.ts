/** The input of a task, from what it reads (rule A7). */
import type { Json, JsonObject } from '@weft/contract';

import { ExpressionError } from '../../domain/expression/expression-error.ts';
import { secretPathsOf } from '../../domain/expression/secret-paths.ts';
import type { GraphNode } from '../../domain/graph/graph.ts';
import { literalProblems, writtenAsIs } from '../../domain/literal-fields.ts';
import type { Written } from '../../domain/literal-fields.ts';
import type { Outcome } from '../../domain/outcome/outcome.ts';
import { ownerOf } from '../../domain/task-key.ts';
import type { InputMaterial, TaskMessage } from '../../ports/index.ts';
import { failed } from './failed.ts';

type ToRender = { node: GraphNode; material: InputMaterial; message: Pick<TaskMessage, 'key'> };

/** `secretPaths`: where in it secrets stand by name. What only looks like one, since something has rendered it, is data. */
export type RenderedInput = { kind: 'rendered'; value: Json; secretPaths: readonly string[] };

/** What somebody has put in its place, or else renders the node's `with`; a template that fails is a failure of the task. */
export function renderInput({
  node,
  material,
  message,
}: ToRender): RenderedInput | Extract<Outcome, { kind: 'failed' }> {
  const refused = refusedLiteral(node, material.edit ? writtenAsIs(material.edit.with) : node.template);
  if (refused) return refused;
  const { input, config, captured, item, nodes, edit } = material;
  if (edit) return { kind: 'rendered', value: edit.with, secretPaths: secretPathsOf(edit.with) };
  const scope = { input, config, state: captured, nodes, ...(ownerOf(message.key) && { item }) };
  try {
    if (node.template === null) return { kind: 'rendered', value: {}, secretPaths: [] };
    const value = node.template.render(scope);
    const whole = node.settings ? { ...(value as JsonObject), ...node.settings } : value;
    return { kind: 'rendered', value: whole, secretPaths: node.template.secretPaths };
  } catch (error) {
    if (error instanceof ExpressionError) return failed(error.code, `with${error.pointer}: ${error.message}`);
    return failed('template_failed', String(error));
  }
}

/** What was checked when the document was saved holds for inputs that were put together elsewhere, too. */
function refusedLiteral({ uses }: GraphNode, written: Written | null): Extract<Outcome, { kind: 'failed' }> | null {
  if (uses === null || written === null) return null;
  const [problem] = literalProblems(uses, written);
  return problem ? failed('literal_needed', `with${problem.pointer}: ${problem.message}`) : null;
}
