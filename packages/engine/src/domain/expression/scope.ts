/** The values that expressions see, and how a reference finds its value among them. */
import type { Json, JsonObject } from '@weft/contract';
import { getPath, type Path } from './path.ts';

export type ReferenceRoot = 'input' | 'state' | 'nodes' | 'item' | 'config';

/**
 * One value that is read. For `nodes`, `path[0]` is the node's name; for `state`, the key. A path is cut where it goes on
 * dynamically, so an empty path means that all of the root may be read.
 */
export type Reference = { root: ReferenceRoot; path: Path };

/** Why a node failed, as expressions see it. */
export type NodeError = { code: string; message: string; retryable?: boolean; details?: JsonObject };

/** The latest settled result of a node; `error` only if it failed, and then `output` is not looked at. */
export type NodeResult = { output: Json; error?: NodeError };

/**
 * What an expression may read. `state` holds every declared key that the expression refers to; `nodes` holds the settled
 * nodes only; `item` is there in tasks of a `send`. Treated as immutable: results may share parts with it.
 */
export type Scope = {
  input: Json;
  state: JsonObject;
  nodes: Readonly<Record<string, NodeResult>>;
  item?: Json;
  config: Json;
};

/** The value of `${...}`; null when it is missing or the node has not settled. */
export function resolveReference(scope: Scope, reference: Reference): Json {
  if (reference.root !== 'nodes') return getPath(scope[reference.root], reference.path);
  const name = reference.path[0];
  if (name === undefined) return projectNodes(scope.nodes, undefined);
  const result = typeof name === 'string' && Object.hasOwn(scope.nodes, name) ? scope.nodes[name] : undefined;
  if (result === undefined) return null;
  if (result.error === undefined) return getPath(result.output, reference.path, 1);
  return reference.path[1] === 'error' ? getPath(result.error, reference.path, 2) : null;
}

/**
 * `nodes` as conditions and text templates see it: the output by name, `{ error }` for a failed node, null for one that
 * has not settled. `names` limits it to the nodes an expression refers to; without it, all settled ones.
 */
export function projectNodes(nodes: Scope['nodes'], names: readonly string[] | undefined): JsonObject {
  const projected: JsonObject = {};
  for (const name of names ?? Object.keys(nodes)) {
    const result = Object.hasOwn(nodes, name) ? nodes[name] : undefined;
    projected[name] = result?.error === undefined ? (result?.output ?? null) : { error: result.error as JsonObject };
  }
  return projected;
}

/** The node names among the references; undefined when one of them reads all nodes. */
export function referencedNodes(references: readonly Reference[]): string[] | undefined {
  const names = new Set<string>();
  for (const { root, path } of references) {
    if (root !== 'nodes') continue;
    const name = path[0];
    if (typeof name !== 'string') return undefined;
    names.add(name);
  }
  return [...names];
}
