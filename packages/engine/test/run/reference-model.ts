/**
 * What rules B1 to B4, B7 and B8 say of a run, found again from its whole history after each event: a naive interpreter that shares
 * nothing with the engine but the list of a document's edges. It knows tasks, routes, sends of tasks, conditions on the
 * input, joins, failures and loops.
 */
import { documentEdges } from '../../src/domain/index.ts';
import type { Edge } from '../../src/domain/index.ts';

export type ModelNode = {
  type: 'task' | 'route' | 'send';
  join: 'all' | 'any' | 'allDone';
  when?: 'input.yes' | 'input.no';
  onFailure: 'failRun' | 'skipDependents' | 'continue' | { goto: string };
  routes?: Record<string, string>;
  items?: number[];
  target?: string;
  onItemFailure?: 'continue' | 'fail';
};
export type ModelDocument = { nodes: Record<string, ModelNode>; maxSteps: number };

/** An outcome of a task: what a route will read of it is its output. `key` is `node#iteration`, or an item's. */
export type History = { key: string; failed: boolean; way: string }[];

type End = 'taken' | 'notTaken' | 'failed';
type Fate = 'ready' | 'waiting' | 'succeeded' | 'failed' | 'skipped' | 'cancelled';

export class ReferenceModel {
  readonly #document: ModelDocument;
  readonly #edges: Edge[];
  readonly #backs: Set<Edge>;
  /** Of each activation that was decided upon, in order. */
  statuses = new Map<string, Fate>();
  status: 'running' | 'succeeded' | 'failed' = 'running';
  #iterations = new Map<string, number>();
  #ends = new Map<string, End>();
  #way = 'a';
  #generations = 0;
  /** Edges that count in an iteration as they did in the one before. */
  #carried = new Set<string>();
  /** What failed under `skipDependents`, unless a loop had gone back over it before. */
  #blamed = new Set<string>();
  /** What is armed and needs no worker, in order. */
  #queue: (() => void)[] = [];

  constructor(document: ModelDocument, backs: Iterable<string>) {
    this.#document = document;
    this.#edges = documentEdges({ nodes: document.nodes }).filter(({ to }) => to !== '__end__');
    const names = new Set(backs);
    this.#backs = new Set(this.#edges.filter((edge) => names.has(nameOf(edge))));
  }

  /** Forgets everything, and reads the history from its beginning. */
  replay(history: History): void {
    this.statuses = new Map();
    this.status = 'running';
    this.#iterations = new Map(Object.keys(this.#document.nodes).map((name) => [name, 0]));
    this.#ends = new Map();
    this.#generations = 0;
    this.#way = 'a';
    this.#carried = new Set();
    this.#blamed = new Set();
    this.#queue = [];
    this.#look();
    this.#flow();
    for (const event of history) {
      if (this.status !== 'running') return;
      this.#settle(event);
      this.#flow();
    }
  }

  #settle({ key, failed, way }: History[number]): void {
    if (this.statuses.get(key) !== 'ready') return;
    if (!failed) this.#way = way;
    this.statuses.set(key, failed ? 'failed' : 'succeeded');
    const [send] = key.split('[');
    if (send !== undefined && send !== key) this.#countItem(send);
    else this.#end(key);
  }

  /** B7: a send ends with its last item, or with the first that fails. */
  #countItem(send: string): void {
    const node = this.#node(send);
    if (this.statuses.get(send) !== 'waiting') return;
    const items = Array.from(this.statuses).filter(([key]) => key.startsWith(`${send}[`));
    const fails = node.onItemFailure === 'fail' && items.some(([, fate]) => fate === 'failed');
    if (!fails && items.some(([, fate]) => fate === 'ready')) return;
    this.statuses.set(send, fails ? 'failed' : 'succeeded');
    this.#end(send);
  }

  /** Ends the edges of an activation that has settled, or goes back. */
  #end(key: string, skippedAs: End = 'notTaken'): void {
    const name = key.split('#')[0] ?? '';
    if (key !== this.#keyOf(name)) return;
    const node = this.#node(key);
    const fate = this.statuses.get(key);
    if (fate === 'failed' && node.onFailure === 'skipDependents') this.#blamed.add(key);
    if (fate === 'failed' && node.onFailure === 'failRun') return this.#finish('failed');
    const out = this.#edges.filter(({ from }) => from === name);
    const ended = out.map((edge) => [edge, this.#endOf(edge, node, fate, skippedAs)] as const);
    const back = ended.find(([edge, end]) => end === 'taken' && this.#backs.has(edge));
    if (back) return this.#goBack(back[0].to, key);
    for (const [edge, end] of ended) {
      if (this.#backs.has(edge)) continue;
      this.#ends.set(this.#nameNow(edge), end);
      this.#look();
    }
  }

  #endOf({ kind, values = [] }: Edge, { onFailure }: ModelNode, fate: Fate | undefined, skippedAs: End): End {
    if (fate === 'skipped') return skippedAs;
    if (fate === 'failed' && onFailure === 'skipDependents') return 'failed';
    if (fate === 'failed')
      return (onFailure === 'continue') === (kind === 'plain') && kind !== 'route' ? 'taken' : 'notTaken';
    return kind === 'plain' || (kind === 'route' && values.includes(this.#way)) ? 'taken' : 'notTaken';
  }

  /** B4: all that lies downstream of the target begins anew; what came in from outside counts as before. */
  #goBack(target: string, key: string): void {
    if (this.#generations >= this.#document.maxSteps) {
      this.statuses.set(key, 'failed');
      return this.#finish('failed');
    }
    this.#generations += 1;
    const closure = this.#closureOf(target);
    // Those into the target have no say in this iteration, since it begins at once, but perhaps in a later one.
    const carried = this.#edges.filter(({ from, to }) => closure.has(to) && !closure.has(from));
    const known = carried.map((edge) => [edge, this.#ends.get(this.#nameNow(edge))] as const);
    for (const name of closure) {
      for (const [old, fate] of this.statuses)
        if (fate === 'waiting' && old.startsWith(`${name}#`)) this.statuses.set(old, 'cancelled');
      this.#iterations.set(name, (this.#iterations.get(name) ?? 0) + 1);
    }
    for (const [edge, end] of known) {
      if (!end) continue;
      this.#ends.set(this.#nameNow(edge), end);
      this.#carried.add(this.#nameNow(edge));
    }
    this.#begin(target);
  }

  #closureOf(target: string): Set<string> {
    const closure = new Set([target]);
    for (const name of closure)
      for (const edge of this.#edges) if (edge.from === name && !this.#backs.has(edge)) closure.add(edge.to);
    return closure;
  }

  /** B1, B2: looks at every node that has not begun; what that arms waits for its turn. */
  #look(): void {
    for (const name of Object.keys(this.#document.nodes)) {
      if (!name.startsWith('t') && !this.statuses.has(this.#keyOf(name))) this.#decide(name);
    }
  }

  /** Takes what needs no worker in its order; B8: then perhaps the run ends. */
  #flow(): void {
    for (let next = this.#queue.shift(); next && this.status === 'running'; next = this.#queue.shift()) next();
    if (this.status !== 'running' || Array.from(this.statuses.values()).includes('ready')) return;
    this.#finish(this.#blamed.size > 0 ? 'failed' : 'succeeded');
  }

  #decide(name: string): void {
    const inbound = this.#edges.filter((edge) => edge.to === name && !this.#backs.has(edge));
    const ends = inbound.map((edge) => this.#ends.get(this.#nameNow(edge)));
    const has = (end: End): boolean => ends.includes(end);
    const { join } = this.#node(name);
    const isOver = ends.every(Boolean);
    // An edge from outside a loop counts in the next iteration, but begins nothing by itself.
    const isNew = inbound.map((edge, index) => ends[index] && !this.#carried.has(this.#nameNow(edge)));
    if (inbound.length > 0 && !isNew.some(Boolean)) return;
    const fires =
      inbound.length === 0 ||
      inbound.some((edge, index) => edge.kind === 'goto' && ends[index] === 'taken' && isNew[index]) ||
      (join === 'any' && has('taken')) ||
      (isOver && join === 'all' && has('taken') && !has('failed')) ||
      (isOver && join === 'allDone' && (has('taken') || has('failed')));
    if (fires) this.#begin(name);
    else if (isOver) this.#skip(name, has('failed') ? 'failed' : 'notTaken');
  }

  #skip(name: string, as: End): void {
    this.#arm(name, (key) => {
      this.statuses.set(key, 'skipped');
      this.#end(key, as);
    });
  }

  #begin(name: string): void {
    const { type, when, routes = {}, items = [], target } = this.#node(name);
    if (when === 'input.no') return this.#skip(name, 'notTaken');
    if (type === 'task') this.statuses.set(this.#keyOf(name), 'ready');
    const way = this.#way;
    if (type === 'route') {
      this.#arm(name, (key) => {
        this.statuses.set(key, Object.hasOwn(routes, way) ? 'succeeded' : 'failed');
        this.#end(key);
      });
    }
    if (type === 'send') this.#arm(name, (key) => this.#send(key, items.length, target));
  }

  /** What a loop has gone back over begins no items. */
  #send(key: string, count: number, target: string | undefined): void {
    const isPast = key !== this.#keyOf(key.split('#')[0] ?? '');
    this.statuses.set(key, isPast ? 'skipped' : count > 0 ? 'waiting' : 'succeeded');
    if (isPast || count === 0) return this.#end(key);
    for (let index = 0; index < count; index++) this.statuses.set(`${key}[${index}]/${target}#0`, 'ready');
  }

  #arm(name: string, turn: (key: string) => void): void {
    const key = this.#keyOf(name);
    this.statuses.set(key, 'ready');
    this.#queue.push(() => turn(key));
  }

  #finish(status: 'succeeded' | 'failed'): void {
    this.status = status;
    for (const [key, fate] of this.statuses)
      if (fate === 'ready' || fate === 'waiting') this.statuses.set(key, 'cancelled');
  }

  #node(key: string): ModelNode {
    return this.#document.nodes[key.split('#')[0] ?? ''] as ModelNode;
  }

  #keyOf(name: string): string {
    return `${name}#${this.#iterations.get(name) ?? 0}`;
  }

  /** The edge as it leads to the iteration of its target that counts now. */
  #nameNow(edge: Edge): string {
    return `${nameOf(edge)} ${this.#iterations.get(edge.to)}`;
  }
}

export function nameOf({ kind, from, to }: Edge): string {
  return `${kind} ${from} ${to}`;
}
