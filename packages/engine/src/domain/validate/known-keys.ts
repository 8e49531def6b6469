import {
  Budget,
  NodeDefaults,
  RetryPause,
  RetryPolicy,
  StateKey,
  WorkflowDocument,
  WorkflowNode,
} from '@weft/contract';
import { asObject } from './draft.ts';
import type { IssuePath } from './document-issue.ts';

const nodeShapes = new Map<unknown, object>(
  WorkflowNode.options.map((option) => [option.shape.type.value, option.shape]),
);

/** The keys that an object at this path of a document may have; empty where none are meant to be guessed. */
export function knownKeys(path: IssuePath, owner: unknown): string[] {
  return Object.keys(shapeAt(path, owner) ?? {});
}

/** The node types there are. */
export const NODE_TYPES = [...nodeShapes.keys()] as string[];

function shapeAt(path: IssuePath, owner: unknown): object | undefined {
  const [first] = path;
  if (path.length === 0) return WorkflowDocument.shape;
  if (path.length === 1 && first === 'defaults') return NodeDefaults.shape;
  if (path.length === 1 && first === 'budget') return Budget.shape;
  if (path.length === 2 && first === 'state') return StateKey.shape;
  if (path.length === 2 && first === 'nodes') return nodeShapes.get(asObject(owner)?.['type']);
  if (path.at(-1) === 'retry') return RetryPolicy.shape;
  if (path.at(-2) === 'perError') return RetryPause.shape;
  return path.at(-1) === 'onFailure' ? { goto: true } : undefined;
}
