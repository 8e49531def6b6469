/**
 * The order and depth in which a run's nodes are listed: what follows one node stands below it, parallel branches are
 * indented, and the node that joins them stands again at the level of the node that they came from.
 */

export type GraphEdge = { from: string; to: string };
export type PlacedNode = { name: string; depth: number };

/** Places every name once. Edges to or from other names (start and end) and edges back to an ancestor count for nothing. */
export function layoutGraph(names: readonly string[], edges: readonly GraphEdge[]): PlacedNode[] {
  const known = new Set(names);
  const inner = edges.filter(({ from, to }) => known.has(from) && known.has(to) && from !== to);
  const order = topologicalOrder(startsFirst(names, known, edges), groupTargets(inner));
  const rank = new Map(order.map((name, index) => [name, index]));
  const sources = Map.groupBy(
    inner.filter(({ from, to }) => rankOf(rank, from) < rankOf(rank, to)),
    ({ to }) => to,
  );
  return listTree(order, new Map([...sources].map(([to, into]) => [to, [...new Set(into.map(({ from }) => from))]])));
}

/** A walk that begins at a start finds which edges lead back; one that begins inside a loop does not. */
function startsFirst(names: readonly string[], known: ReadonlySet<string>, edges: readonly GraphEdge[]): string[] {
  const entered = new Set(edges.filter(({ from, to }) => known.has(from) && from !== to).map(({ to }) => to));
  const started = new Set(edges.filter(({ from }) => !known.has(from)).map(({ to }) => to));
  const isStart = (name: string): boolean => started.has(name) || !entered.has(name);
  return [...names.filter((name) => !isStart(name)), ...names.filter(isStart)];
}

function groupTargets(edges: readonly GraphEdge[]): Map<string, string[]> {
  const targets = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const list = targets.get(from);
    if (list) list.push(to);
    else targets.set(from, [to]);
  }
  return targets;
}

/**
 * Sources before targets, edges back to an ancestor apart; goes through `names` from the end. Depth first, with an own
 * stack instead of recursion.
 */
function topologicalOrder(names: readonly string[], targets: ReadonlyMap<string, string[]>): string[] {
  const left: string[] = [];
  const entered = new Set<string>();
  for (const start of names.toReversed()) {
    const open = entered.has(start) ? [] : [{ name: start, rest: [...(targets.get(start) ?? [])] }];
    entered.add(start);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const next = top.rest.pop();
      if (next === undefined) left.push(open.pop()?.name ?? '');
      else if (!entered.has(next)) {
        entered.add(next);
        open.push({ name: next, rest: [...(targets.get(next) ?? [])] });
      }
    }
  }
  return left.toReversed();
}

const ROOT = '';

/** Walks the tree in which each node hangs below the last node that all ways to it have in common. */
function listTree(order: readonly string[], sources: ReadonlyMap<string, string[]>): PlacedNode[] {
  const tree = new CommonAncestors();
  const children = new Map<string, string[]>();
  for (const name of order) {
    const parent = tree.add(name, sources.get(name) ?? []);
    const list = children.get(parent);
    if (list) list.push(name);
    else children.set(parent, [name]);
  }
  const placed: PlacedNode[] = [];
  const open: PlacedNode[] = [{ name: ROOT, depth: 0 }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at.name !== ROOT) placed.push(at);
    open.push(...placeBelow(at, children.get(at.name) ?? [], sources).toReversed());
  }
  return placed;
}

/** A single follower goes on at the same level; of several, those with one way in are branches. */
function placeBelow(
  { name, depth }: PlacedNode,
  below: readonly string[],
  sources: ReadonlyMap<string, string[]>,
): PlacedNode[] {
  const isBranch = (child: string): boolean => (sources.get(child) ?? []).length < 2;
  const indent = name !== ROOT && below.length > 1 ? 1 : 0;
  return [
    ...below.filter(isBranch).map((child) => ({ name: child, depth: depth + indent })),
    ...below.filter((child) => !isBranch(child)).map((child) => ({ name: child, depth })),
  ];
}

/** The tree of common ancestors (dominators), grown in topological order. */
class CommonAncestors {
  readonly #parent = new Map<string, string>();
  readonly #level = new Map<string, number>([[ROOT, 0]]);

  /** Hangs `name` below the last common ancestor of its sources and returns that. */
  add(name: string, sources: readonly string[]): string {
    const [first = ROOT, ...rest] = sources;
    let parent = first;
    for (const source of rest) parent = this.#common(parent, source);
    this.#parent.set(name, parent);
    this.#level.set(name, (this.#level.get(parent) ?? 0) + 1);
    return parent;
  }

  #common(a: string, b: string): string {
    let [left, right] = [a, b];
    while (left !== right) {
      if ((this.#level.get(left) ?? 0) >= (this.#level.get(right) ?? 0)) left = this.#parent.get(left) ?? ROOT;
      else right = this.#parent.get(right) ?? ROOT;
    }
    return left;
  }
}

function rankOf(rank: ReadonlyMap<string, number>, name: string): number {
  return rank.get(name) ?? 0;
}
