/** A single task as a workflow of one node. */
import { pointerOf, tokensOf } from '@weft/contract';
import type { Json, JsonObject, StartTask } from '@weft/contract';
import { literalFields } from '@weft/engine/domain';

export const TASK_NODE = 'task';

/**
 * The document to run and the input of its run.
 *
 * Where `with` is plain data, it becomes the input of a document that is the same for all tasks of its kind, so that a
 * million tasks share one version; templates, secrets, a given `input` and executors that want
 * fields as they are written need a document of their own.
 */
export function taskDocument(request: StartTask): { document: JsonObject; input: Json } {
  const uses = request.uses ?? `handler:${request.agentType}`;
  const given = request.input ?? (request.with === undefined ? undefined : request.payload);
  const mayShare = literalFields(uses).length === 0;
  const shares = request.with === undefined ? true : mayShare && given === undefined && isPlainData(request.with);
  const data = request.with ?? request.input ?? request.payload ?? {};
  const node = {
    type: 'task',
    uses,
    with: shares ? '${input}' : (request.with ?? null),
    ...(request.tags && request.tags.length > 0 && { tags: request.tags }),
  };
  const document = { name: nameOf(uses), description: `Single tasks of ${uses}`, nodes: { [TASK_NODE]: node } };
  return { document, input: shares ? data : (given ?? {}) };
}

/** From a pointer into the document to the key of the request that it came from. */
export function documentPointer(request: StartTask): (pointer: string) => string {
  return (pointer) => {
    const [nodes, , field, ...rest] = tokensOf(pointer);
    if (nodes !== 'nodes' || field === undefined) return '';
    if (field === 'uses' && request.uses === undefined) return '/agentType';
    return field === 'uses' || field === 'with' || field === 'tags' ? pointerOf([field, ...rest]) : '';
  };
}

/** Whether no string of it can mean more than itself. In JSON text braces of the value itself never stand like this. */
function isPlainData(value: Json): boolean {
  return !/\{\{|\{%|\$\{|"secret":/.test(JSON.stringify(value));
}

/** The name of an executor, as the name of a workflow. */
function nameOf(uses: string): string {
  return `task:${uses.replaceAll(/[/\\#?%\p{Cc}\p{Cs}]/gu, '_').slice(0, 190)}`;
}
