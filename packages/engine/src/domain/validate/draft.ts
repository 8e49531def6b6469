/**
 * What can be read of a document that may be wrong anywhere: the checks of references, circles and expressions work on
 * this, so that an error in one place hides none in another.
 */
import type { EdgeSource, EdgeSourceNode } from '../graph/edges.ts';

export type RawObject = Record<string, unknown>;

export type Draft = {
  root: RawObject;
  /** The mode is superstep, in which circles are natural. */
  isSuperstep: boolean;
  /** Every name under `nodes`, whatever its value is. */
  nodeNames: ReadonlySet<string>;
  /** The nodes that are objects. */
  nodes: ReadonlyMap<string, RawObject>;
  stateKeys: ReadonlySet<string>;
  /** Nodes whose tasks are made of items, each with the first send that names it; routes and the send itself are none. */
  sendTargets: ReadonlyMap<string, string>;
  edges: EdgeSource;
};

export function readDraft(value: unknown): Draft {
  const root = asObject(value) ?? {};
  const members = Object.entries(asObject(root['nodes']) ?? {});
  const nodes = new Map<string, RawObject>();
  for (const [name, member] of members) {
    const node = asObject(member);
    if (node) nodes.set(name, node);
  }
  const graph = Object.fromEntries([...nodes].map(([name, node]) => [name, readEdgeSource(node)]));
  return {
    root,
    isSuperstep: root['mode'] === 'superstep',
    nodeNames: new Set(members.map(([name]) => name)),
    nodes,
    stateKeys: new Set(Object.keys(asObject(root['state']) ?? {})),
    sendTargets: readSendTargets(nodes),
    edges: { nodes: graph, edges: readPairs(root['edges']) },
  };
}

function readSendTargets(nodes: ReadonlyMap<string, RawObject>): Map<string, string> {
  const targets = new Map<string, string>();
  for (const [name, node] of nodes) {
    const target = asName(node['target']);
    if (node['type'] !== 'send' || target === name || targets.has(target)) continue;
    if (nodes.has(target) && nodes.get(target)?.['type'] !== 'route') targets.set(target, name);
  }
  return targets;
}

/** The value if it is an object and no array. */
export function asObject(value: unknown): RawObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as RawObject) : undefined;
}

/** What is no name becomes the empty one, which the checks pass over, so that the others keep their index. */
function readEdgeSource(node: RawObject): EdgeSourceNode {
  const goto = asObject(node['onFailure'])?.['goto'];
  const routes = Object.entries(asObject(node['routes']) ?? {}).map(([value, target]) => [value, asName(target)]);
  return {
    type: asName(node['type']),
    needs: asList(node['needs']).map(asName),
    routes: Object.fromEntries(routes) as Record<string, string>,
    default: node['default'],
    onFailure: typeof goto === 'string' ? { goto } : undefined,
  };
}

function readPairs(edges: unknown): [string, string][] {
  return asList(edges).map((pair) => {
    const [from, to] = asList(pair);
    return [asName(from), asName(to)];
  });
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asName(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
