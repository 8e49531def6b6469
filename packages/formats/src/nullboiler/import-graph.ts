/** A graph of NullBoiler as a native document. */
import { END, type Json, type JsonObject, START, isObject } from '@weft/contract';
import { Fields } from '../foreign/fields.ts';
import { type ImportLog, type ImportPath, quote } from '../foreign/import-log.ts';
import { NameTable } from '../foreign/name-table.ts';
import type { Scope } from './expressions.ts';
import { checkEdges, type GraphEdge, readEdges } from './graph-edges.ts';
import { mapNode, NODE_FIELDS } from './map-node.ts';
import { mapItemNode } from './map-prompted.ts';
import { StateTable } from './state-table.ts';

/** What a condition of a template takes for false. */
const FALSY = ['', 'false', '0', 'null', '[]'];

/** Maps `nodes`, `edges`, the state and the breakpoints; the fields of the whole document are the caller's. */
export function importGraph(fields: Fields): JsonObject | undefined {
  const nodes = readNodes(fields);
  return nodes && new GraphImport(fields, nodes).run();
}

class GraphImport {
  readonly #fields: Fields;
  readonly #log: ImportLog;
  readonly #scope: Scope;
  readonly #nodes: JsonObject;
  readonly #edges: readonly GraphEdge[];
  /** Of each node the edges that leave it. */
  readonly #out: ReadonlyMap<string, readonly GraphEdge[]>;
  readonly #names = new NameTable();
  /** Nodes that are there for a `send` alone. */
  readonly #itemNodes: ReadonlySet<string>;
  /** Targets that a `send` runs -> native names. */
  readonly #sent = new Map<string, string>();
  readonly #mapped = new Map<string, JsonObject>();
  readonly #pairs: [string, string][] = [];

  constructor(fields: Fields, nodes: JsonObject) {
    this.#fields = fields;
    this.#log = fields.log;
    this.#scope = { log: fields.log, state: new StateTable(fields.log), falsy: FALSY };
    this.#nodes = nodes;
    this.#edges = readEdges(fields);
    this.#out = Map.groupBy(this.#edges, (edge) => edge.from);
    this.#itemNodes = itemNodesOf(this.#nodes, this.#edges);
  }

  run(): JsonObject {
    const names = Object.keys(this.#nodes);
    checkEdges({
      nodes: new Set(names),
      edges: this.#edges,
      itemNodes: this.#itemNodes,
      fields: this.#fields,
    });
    this.#names.addAll(names, this.#log, (name) => this.#pathOf(name));
    this.#declareState();
    const init = this.#initNode();
    for (const name of names) if (!this.#itemNodes.has(name)) this.#mapGraphNode(name);
    for (const name of this.#itemNodes) this.#tellUnsent(name);
    for (const edge of this.#edges) this.#mapEdge(edge, init);
    const state = this.#scope.state.toJson();
    return {
      ...(Object.keys(state).length > 0 && { state }),
      ...this.#breakpoints('interrupt_before', 'interruptBefore'),
      ...this.#breakpoints('interrupt_after', 'interruptAfter'),
      // What a run leaves there is its state.
      output: '${state}',
      nodes: Object.fromEntries(this.#mapped),
      ...(this.#pairs.length > 0 && { edges: this.#pairs }),
    };
  }

  #declareState(): void {
    const key = this.#fields.has('state_schema') ? 'state_schema' : 'schema';
    const schema = this.#fields.object(key);
    if (key === 'state_schema')
      this.#fields.leave('schema', 'no_effect', 'state_schema is given, too, and goes before it');
    if (schema) this.#scope.state.declare(schema, this.#fields.at(key));
  }

  /** State keys begin with what the input has under their name; so does a loop back to the first node with one before it. */
  #initNode(): string | undefined {
    const updates = this.#scope.state.initialUpdates();
    const starts = new Set(this.#edges.flatMap((edge) => (edge.from === START ? [edge.to] : [])));
    const isAgain = this.#edges.some(
      (edge) => edge.from !== START && !this.#itemNodes.has(edge.from) && edge.to !== END && starts.has(edge.to),
    );
    if (Object.keys(updates).length === 0 && !isAgain) return undefined;
    const init = this.#names.reserve('init');
    this.#mapped.set(init, { type: 'transform', updates });
    return init;
  }

  #mapGraphNode(name: string): void {
    const native = this.#native(name);
    this.#log.origin(['nodes', native], this.#pathOf(name));
    const fields = this.#fieldsOf(name);
    const out = this.#out.get(name) ?? [];
    const node =
      fields &&
      mapNode(fields, {
        name: native,
        scope: this.#scope,
        strictness: 'clamp',
        writesOutput: true,
        routeEdges: out.flatMap(({ value, to, path }) =>
          value === undefined ? [] : [{ value, target: to, to: this.#native(to), path }],
        ),
        hasPlainEdges: out.some((edge) => edge.value === undefined),
        itemNode: (target) => this.#itemNode(target),
        addNode: (wish, added) => {
          const reserved = this.#names.reserve(wish);
          this.#mapped.set(reserved, added);
          return reserved;
        },
        addEdge: (from, to) => void this.#pairs.push([from, to]),
      });
    if (node) this.#mapped.set(native, node);
  }

  /** A node that runs by itself, too, is doubled: as the target of a `send` it writes nothing to the state. */
  #itemNode(name: string): string | undefined {
    if (!Object.hasOwn(this.#nodes, name)) return undefined;
    const known = this.#sent.get(name);
    if (known !== undefined) return known;
    const isOwn = this.#itemNodes.has(name);
    const native = isOwn ? this.#native(name) : this.#names.reserve(`${name}-item`);
    this.#sent.set(name, native);
    this.#log.origin(['nodes', native], this.#pathOf(name));
    const fields = this.#fieldsOf(name);
    if (!fields) return native;
    this.#mapped.set(native, mapItemNode(fields, { name: native, scope: this.#scope }));
    if (!isOwn) return native;
    fields.any('type');
    fields.finish(new Set([...NODE_FIELDS, 'defer']), 'a node that only a send runs');
    return native;
  }

  #tellUnsent(name: string): void {
    if (this.#sent.has(name)) return;
    this.#log.remark(
      'no_effect',
      this.#pathOf(name),
      'only a send that sends nothing leads here; the node is left out',
    );
  }

  #mapEdge({ from, value, to, path }: GraphEdge, init: string | undefined): void {
    if (this.#itemNodes.has(from)) {
      const message = `only a send runs ${quote(from)}, so no edge that leaves it is ever taken; it is left out`;
      return this.#log.remark('no_effect', path, message);
    }
    const source = from === START ? init : this.#native(from);
    // Edges on a value stand with their route; without a first node what nothing leads to begins by itself.
    if (source === undefined || (value !== undefined && this.#isRoute(from))) return;
    const index = this.#pairs.push([value === undefined ? source : `${source}:${value}`, this.#native(to)]) - 1;
    this.#log.origin(['edges', index], path);
    for (const end of [0, 1]) this.#log.origin(['edges', index, end], [...path, end]);
  }

  #breakpoints(key: string, native: string): JsonObject {
    const kept: string[] = [];
    this.#log.origin([native], this.#fields.at(key));
    for (const [index, name] of (this.#fields.texts(key) ?? []).entries()) {
      const path = [...this.#fields.at(key), index];
      if (!Object.hasOwn(this.#nodes, name) || this.#itemNodes.has(name)) {
        this.#log.remark(
          'no_effect',
          path,
          `no node ${quote(name)} is ever reached by an edge; there is nothing to stop at`,
        );
      } else {
        this.#log.origin([native, kept.length], path);
        kept.push(this.#native(name));
      }
    }
    return kept.length > 0 ? { [native]: kept } : {};
  }

  #fieldsOf(name: string): Fields | undefined {
    const node = this.#nodes[name];
    return isObject(node) ? new Fields(node, this.#pathOf(name), this.#log) : undefined;
  }

  #isRoute(name: string): boolean {
    const node = Object.hasOwn(this.#nodes, name) ? this.#nodes[name] : undefined;
    return isObject(node) && node['type'] === 'route';
  }

  #native(name: string): string {
    return this.#names.get(name) ?? name;
  }

  #pathOf(name: string): ImportPath {
    return [...this.#fields.at('nodes'), name];
  }
}

/** The nodes, unless they are too many to look at. */
function readNodes(fields: Fields): JsonObject | undefined {
  const nodes = fields.object('nodes');
  if (nodes === undefined) return undefined;
  const names = Object.keys(nodes);
  fields.log.origin(['nodes'], fields.at('nodes'));
  if (!fields.log.admits(names.length, fields.at('nodes'))) return undefined;
  if (names.length === 0) fields.log.error('invalid_value', fields.at('nodes'), 'a workflow needs at least one node');
  for (const name of names) {
    const path = [...fields.at('nodes'), name];
    if (name === START || name === END) fields.log.error('bad_name', path, `${name} is no name for a node`);
    if (!isObject(nodes[name])) fields.log.error('bad_type', path, 'a node is an object');
  }
  return nodes;
}

/** Targets of a `send` that no edge leads to. */
function itemNodesOf(nodes: JsonObject, edges: readonly GraphEdge[]): Set<string> {
  const inbound = new Set(edges.map((edge) => edge.to));
  const targets = Object.values(nodes).map(targetOf);
  return new Set(
    targets.filter((name) => name !== undefined && Object.hasOwn(nodes, name) && !inbound.has(name)) as string[],
  );
}

function targetOf(node: Json): string | undefined {
  const target = isObject(node) && node['type'] === 'send' ? node['target_node'] : undefined;
  return typeof target === 'string' ? target : undefined;
}
