/** Which vertices lie on a circle together. */
type Frame<V> = { vertex: V; next: number; targets: readonly V[]; low: number };

/**
 * The strongly connected components of the graph, each in the order of the search. Takes O(V + E) time and no stack,
 * whatever the length of a chain; a vertex that lies on no circle is a component of its own.
 */
export function components<V>(vertices: Iterable<V>, targetsOf: (vertex: V) => readonly V[]): V[][] {
  const found: V[][] = [];
  const order = new Map<V, number>();
  /** Those that have been entered and belong to no component yet. */
  const open: V[] = [];
  const isOpen = new Set<V>();
  const frames: Frame<V>[] = [];

  const enter = (vertex: V): void => {
    const number = order.size;
    order.set(vertex, number);
    open.push(vertex);
    isOpen.add(vertex);
    frames.push({ vertex, next: 0, targets: targetsOf(vertex), low: number });
  };
  const leave = (frame: Frame<V>): void => {
    frames.pop();
    const above = frames.at(-1);
    if (above) above.low = Math.min(above.low, frame.low);
    if (frame.low !== order.get(frame.vertex)) return;
    const component = open.splice(open.lastIndexOf(frame.vertex));
    for (const vertex of component) isOpen.delete(vertex);
    found.push(component);
  };
  const step = (frame: Frame<V>): void => {
    if (frame.next === frame.targets.length) return leave(frame);
    const target = frame.targets[frame.next] as V;
    frame.next += 1;
    const number = order.get(target);
    if (number === undefined) enter(target);
    else if (isOpen.has(target)) frame.low = Math.min(frame.low, number);
  };

  for (const vertex of vertices) {
    if (!order.has(vertex)) enter(vertex);
    for (let frame = frames.at(-1); frame; frame = frames.at(-1)) step(frame);
  }
  return found;
}
