/** A dispatched task as a workflow of one node with a prompt. */
import type { Json, JsonObject, MeshDispatch } from '@weft/contract';

export const DISPATCH_NODE = 'task';
const PREFIX = 'dispatch:';
const GENERAL = 'general';

export function taskTypeOf({ taskType = GENERAL }: Pick<MeshDispatch, 'taskType'>): string {
  return taskType;
}

/**
 * The document to run and the input of its run. What is to be done is the input, and is no template; so all tasks of a type share
 * one version.
 */
export function dispatchDocument(request: MeshDispatch): { document: JsonObject; input: Json } {
  const taskType = taskTypeOf(request);
  const { task, tags = [], model } = request;
  const node = {
    type: 'task',
    prompt: '${input.task}',
    ...(tags.length > 0 && { tags }),
    endpoint: { specialty: taskType, ...(model !== undefined && { model }) },
  };
  const name = `${PREFIX}${taskType.replaceAll(/[/\\#?%\p{Cc}\p{Cs}]/gu, '_').slice(0, 190)}`;
  const document = { name, description: `Dispatched tasks of the type ${taskType}`, nodes: { [DISPATCH_NODE]: node } };
  return { document, input: { taskType, task } };
}

/** The type of a dispatched task, by its run; null: it was not dispatched. */
export function dispatchedType({ workflow, input }: { workflow: { name: string }; input: Json }): string | null {
  if (!workflow.name.startsWith(PREFIX) || input === null || typeof input !== 'object' || Array.isArray(input))
    return null;
  return typeof input['taskType'] === 'string' ? input['taskType'] : null;
}
