/** The list of `steps` as a native document. Lists within it are expanded in their place. */
import { type JsonObject, MAX_MS } from '@weft/contract';
import { Fields } from '../foreign/fields.ts';
import { type ImportPath, quote } from '../foreign/import-log.ts';
import { NameTable } from '../foreign/name-table.ts';
import type { Scope } from './expressions.ts';
import { mapNode, NODE_FIELDS } from './map-node.ts';
import { bounded } from './map-policy.ts';
import { mapItemNode } from './map-prompted.ts';
import { readSteps, type StepItem, type StepList } from './read-steps.ts';
import { toLiquid } from './state-path.ts';
import { StateTable } from './state-table.ts';

/** What a condition of a template takes for false: these templates look at the text alone. */
const FALSY = ['', 'false', 'null'];

/** Maps the steps; the fields of the whole document are the caller's. */
export function importSteps(fields: Fields): JsonObject {
  return new StepsImport(fields).run();
}

/** Where a step, or the list in its place, begins and ends: native names. */
type Unit = { entries: string[]; exits: string[] };

class StepsImport {
  readonly #root: StepList;
  readonly #state: StateTable;
  readonly #fields: Fields;
  readonly #names = new NameTable();
  readonly #natives = new Map<StepItem, string>();
  readonly #units = new Map<StepItem, Unit>();
  readonly #nodes = new Map<string, JsonObject>();

  constructor(fields: Fields) {
    this.#fields = fields;
    this.#state = new StateTable(fields.log);
    this.#root = readSteps(fields);
    fields.log.origin(['nodes'], fields.at('steps'));
  }

  run(): JsonObject {
    const ids = [...this.#root.byId.keys()];
    const pathOf = (id: string): ImportPath => this.#root.byId.get(id)?.fields.path ?? this.#fields.path;
    this.#names.addAll(ids, this.#fields.log, pathOf);
    this.#nameItems(this.#root, null);
    this.#mapList(this.#root);
    this.#wire(this.#root);
    const state = this.#state.toJson();
    return { ...(Object.keys(state).length > 0 && { state }), nodes: Object.fromEntries(this.#nodes) };
  }

  /** Ids are unique within their list only; the name of the step around them makes them so. */
  #nameItems(list: StepList, around: string | null): void {
    for (const item of list.items) {
      const native =
        around === null ? (this.#names.get(item.id) ?? item.id) : this.#names.reserve(`${around}-${item.id}`);
      this.#natives.set(item, native);
      this.#fields.log.origin(['nodes', native], item.fields.path);
      if (around !== null) {
        const message = `the steps of inner lists stand beside the others here; this one is ${quote(native)}`;
        this.#fields.log.remark('renamed', item.fields.path, message);
      }
    }
    for (const item of list.items) if (item.list) this.#nameItems(item.list, this.#native(item));
  }

  #mapList(list: StepList): void {
    for (const item of list.items) {
      if (item.list) {
        this.#leaveNested(item);
        this.#mapList(item.list);
      } else this.#mapStep(item, list);
    }
  }

  #leaveNested({ fields }: StepItem): void {
    fields.any('type');
    fields.finish(new Set([...NODE_FIELDS, 'timeout_ms']), 'a step that holds steps');
  }

  #mapStep(item: StepItem, list: StepList): void {
    const { fields } = item;
    const name = this.#native(item);
    if (item.value['type'] === 'route') {
      const message = 'a route needs edges on its values, which a list of steps does not have';
      return fields.log.error('node_type_unsupported', fields.at('type'), message);
    }
    const timeout = bounded(fields, 'timeout_ms', { name: 'timeoutMs', least: 1, most: MAX_MS, strictness: 'strict' });
    const node = mapNode(fields, {
      name,
      scope: this.#scopeOf(list),
      strictness: 'strict',
      writesOutput: false,
      routeEdges: [],
      hasPlainEdges: false,
      itemNode: (target) => this.#itemNode(target, list),
      addNode: (wish) => this.#names.reserve(wish),
      addEdge: () => {},
    });
    if (node) this.#nodes.set(name, { ...node, ...timeout });
  }

  /** A step runs by itself, so what a `send` runs is another node with the same prompt. */
  #itemNode(target: string, list: StepList): string | undefined {
    const item = list.byId.get(target);
    if (item === undefined) return undefined;
    const name = this.#names.reserve(`${this.#native(item)}-item`);
    const { log, path } = item.fields;
    log.origin(['nodes', name], path);
    this.#nodes.set(name, mapItemNode(new Fields(item.value, path, log), { name, scope: this.#scopeOf(list) }));
    return name;
  }

  #scopeOf(list: StepList): Scope {
    return {
      log: this.#fields.log,
      state: this.#state,
      falsy: FALSY,
      stepOutput: (id, path) => this.#outputOf(id, list, path),
    };
  }

  /** The output of a step of this list, or of one around it; of a list that of its last step. */
  #outputOf(id: string, from: StepList, path: ImportPath): string | null {
    let item: StepItem | undefined;
    for (let list: StepList | undefined = from; list && !item; list = list.parent) item = list.byId.get(id);
    while (item?.list) {
      this.#fields.log.remark(
        'nested_output',
        path,
        `the output of the list ${quote(id)} is that of its last step here`,
      );
      item = item.list.items.at(-1);
    }
    const text = item && toLiquid('nodes', [this.#native(item)]);
    if (text !== undefined) return `{{ ${text} }}`;
    this.#fields.log.remark('unknown_expression', path, `there is no step ${quote(id)} to read`);
    return null;
  }

  /** Gives every node its needs. Returns where the list begins and ends. */
  #wire(list: StepList): Unit {
    for (const item of list.items) {
      const native = this.#native(item);
      this.#units.set(item, item.list ? this.#wire(item.list) : { entries: [native], exits: [native] });
    }
    for (const item of list.items) this.#connect(item, list);
    const needed = new Set(list.items.flatMap((item) => item.dependsOn.map(({ id }) => id)));
    return {
      entries: list.items.filter((item) => item.dependsOn.length === 0).flatMap((item) => this.#unit(item).entries),
      exits: list.items.filter((item) => !needed.has(item.id)).flatMap((item) => this.#unit(item).exits),
    };
  }

  #connect(item: StepItem, list: StepList): void {
    const { entries } = this.#unit(item);
    const before: { name: string; path: ImportPath }[] = [];
    for (const { id, path } of item.dependsOn) {
      const source = list.byId.get(id);
      if (source) before.push({ name: this.#exitOf(source), path: path ?? item.fields.path });
    }
    if (before.length === 0) return;
    // Several on both sides meet in one node, so that there are not as many edges as pairs.
    const meet = entries.length > 1 && before.length > 1;
    const gate = meet ? this.#joint(`${this.#native(item)}-begin`, item) : undefined;
    for (const entry of gate === undefined ? entries : [gate]) this.#need(entry, before);
    if (gate !== undefined) for (const entry of entries) this.#need(entry, [{ name: gate, path: item.fields.path }]);
  }

  /** The one node that ends a step: of a list with several last steps, one behind them. */
  #exitOf(item: StepItem): string {
    const unit = this.#unit(item);
    const [only] = unit.exits;
    if (unit.exits.length === 1 && only !== undefined) return only;
    const end = this.#joint(this.#native(item), item);
    this.#need(
      end,
      unit.exits.map((name) => ({ name, path: item.fields.path })),
    );
    unit.exits = [end];
    return end;
  }

  #joint(wish: string, item: StepItem): string {
    // The name of a step that holds steps is free: no node bears it.
    const name = wish === this.#native(item) && item.list ? wish : this.#names.reserve(wish);
    this.#nodes.set(name, { type: 'transform', updates: {} });
    this.#fields.log.origin(['nodes', name], item.fields.path);
    return name;
  }

  #need(name: string, sources: readonly { name: string; path: ImportPath }[]): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    const needs = (node['needs'] ?? []) as string[];
    for (const source of sources) {
      this.#fields.log.origin(['nodes', name, 'needs', needs.length], source.path);
      needs.push(source.name);
    }
    node['needs'] = needs;
  }

  #unit(item: StepItem): Unit {
    return this.#units.get(item) ?? { entries: [], exits: [] };
  }

  #native(item: StepItem): string {
    return this.#natives.get(item) ?? item.id;
  }
}
