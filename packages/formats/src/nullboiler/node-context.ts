import type { JsonObject } from '@weft/contract';
import type { ImportPath } from '../foreign/import-log.ts';
import type { Scope } from './expressions.ts';
import type { Strictness } from './map-policy.ts';

/** An edge that is taken for one value; `target` is a foreign name, `to` the native one. */
export type RouteEdge = { value: string; target: string; to: string; path: ImportPath };

/** What a node is mapped with, beside its own fields. */
export type NodeContext = {
  /** Its native name. */
  name: string;
  scope: Scope;
  strictness: Strictness;
  /** Whether a task that says nothing of its output writes it to the state key `output`, as in a graph. */
  writesOutput: boolean;
  /** The edges that leave it on a value. */
  routeEdges: readonly RouteEdge[];
  /** Whether other edges leave it, too. */
  hasPlainEdges: boolean;
  /** The native node that a `send` runs for each item of its target. */
  itemNode: (target: string) => string | undefined;
  /** Adds a node that has no equal in the document; returns its native name. */
  addNode: (wish: string, node: JsonObject) => string;
  addEdge: (from: string, to: string) => void;
};
