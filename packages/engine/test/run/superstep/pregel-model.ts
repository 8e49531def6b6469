/** Pregel as it is told, on names alone: what a run in superstep mode must come to, whatever comes first. */

export type ModelNode = {
  type: 'task' | 'route' | 'send';
  needs?: string[];
  routes?: Record<string, string>;
  target?: string;
  items?: number[];
  defer?: boolean;
};

export type Model = { nodes: Record<string, ModelNode>; edges: [string, string][]; maxSteps: number };

/** What a task gives when it runs: always the same for the same task of the same superstep. */
export type Given = { log: string; way?: string; goto?: string[] };
export type Give = (node: string, superstep: number, item: number | null) => Given;

export class Pregel {
  readonly path: string[][] = [];
  readonly log: string[] = [];
  way = 'a';
  end = 'succeeded';
  readonly #model: Model;
  readonly #give: Give;
  readonly #barriers = new Map<string, Set<string>>();
  #held = new Set<string>();

  constructor(model: Model, give: Give) {
    this.#model = model;
    this.#give = give;
    let set = this.#trigger(model.edges.flatMap(([from, to]) => (from === '__start__' ? [to] : [])));
    while (set.length > 0 && this.end === 'succeeded') set = this.#superstep(set);
  }

  #superstep(set: string[]): string[] {
    if (this.path.length === this.#model.maxSteps) {
      this.end = 'max_steps';
      return [];
    }
    for (const name of set) this.#barriers.delete(name);
    const now = this.path.push(set) - 1;
    const pulled = set.filter((name) => this.#node(name).type === 'task').map((name) => this.#give(name, now, null));
    const sends = set.filter((name) => this.#node(name).type === 'send');
    const pushed = sends.flatMap((name) =>
      (this.#node(name).items ?? []).map((item) => this.#give(this.#node(name).target ?? '', now, item)),
    );
    const all = [...pulled, ...pushed];
    const ways = all.flatMap(({ way }) => way ?? []);
    if (ways.length > 1) {
      this.end = 'concurrent_update';
      return [];
    }
    this.log.push(...all.map(({ log }) => log));
    this.way = ways[0] ?? this.way;
    const used = sends.flatMap((name) => (this.#node(name).items?.length ? (this.#node(name).target ?? '') : []));
    const fired = [...set, ...used].flatMap((name) => this.#out(name).map((to): [string, string] => [name, to]));
    return this.#trigger([...this.#fire(fired), ...all.flatMap((given) => given.goto ?? [])]);
  }

  /** Routes are decided at once; what is deferred is held until there is nothing else. */
  #trigger(names: string[]): string[] {
    const next = new Set<string>(names.filter((name) => name !== '__end__'));
    for (const name of next) {
      const { type, routes = {} } = this.#node(name);
      if (type !== 'route') continue;
      this.#barriers.delete(name);
      // Who needs a route and is none of its targets follows whatever it chooses.
      const whatever = this.#out(name).filter((to) => !Object.values(routes).includes(to));
      const to = [routes[this.way] ?? '__end__', ...whatever].filter((one) => one !== '__end__');
      const fresh = to.filter((target) => !next.has(target));
      for (const one of this.#fire(fresh.map((target) => [name, target]))) next.add(one);
    }
    const others = Array.from(next).filter((name) => this.#node(name).type !== 'route');
    for (const name of others) if (this.#node(name).defer) this.#held.add(name);
    const set = others.filter((name) => !this.#node(name).defer);
    if (set.length > 0) return set.toSorted();
    const held = Array.from(this.#held).toSorted();
    this.#held = new Set();
    return held;
  }

  #fire(pairs: [string, string][]): string[] {
    return pairs.flatMap(([from, to]) => {
      const needs = new Set(this.#node(to).needs);
      if (needs.size < 2 || !needs.has(from)) return [to];
      if (this.#held.has(to)) return [];
      const seen = this.#barriers.get(to) ?? new Set<string>();
      this.#barriers.set(to, seen.add(from));
      return seen.size === needs.size ? [to] : [];
    });
  }

  #out(name: string): string[] {
    const { nodes, edges } = this.#model;
    const needing = Object.keys(nodes).filter((other) => nodes[other]?.needs?.includes(name));
    const paired = edges.flatMap(([from, to]) => (from === name ? [to] : []));
    return Array.from(new Set([...needing, ...paired]));
  }

  #node(name: string): ModelNode {
    return this.#model.nodes[name] ?? { type: 'task' };
  }
}
