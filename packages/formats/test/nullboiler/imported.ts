/** Imports a document for a test. */
import type { Json, JsonObject } from '@weft/contract';
import { importDocument } from '../../src/index.ts';

/** The native document, the report as `code pointer`, and the errors likewise. */
export type Imported = { document: JsonObject | undefined; report: string[]; errors: string[] };

export function imported(value: Json, maxNodes = 100_000): Imported {
  const result = importDocument('nullboiler', value, maxNodes);
  const placed = ({ code, pointer }: { code: string; pointer: string }): string => `${code} ${pointer}`;
  return {
    document: result.ok ? result.document : undefined,
    report: result.report.map(placed),
    errors: result.ok ? [] : result.errors.map(placed),
  };
}

/** A graph of the nodes, one after the other unless `edges` says otherwise. */
export function graph(nodes: JsonObject, more: JsonObject = {}): JsonObject {
  const names = ['__start__', ...Object.keys(nodes), '__end__'];
  const edges = names.slice(1).map((name, index) => [names[index] ?? '', name]);
  return { id: 'wf', nodes, edges, ...more };
}

/** The native node that came of one node in a graph of its own. */
export function importedNode(node: JsonObject, more: JsonObject = {}): { node: Json | undefined } & Imported {
  const result = imported(graph({ n: node }, more));
  const nodes = result.document?.['nodes'] as JsonObject | undefined;
  return { ...result, node: nodes?.['n'] };
}
