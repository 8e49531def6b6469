/** What a watcher knows of a run: one row for each node, kept up to date by what the server tells. */
import type { Event, Interrupt, Json, JsonObject, Task, TaskError, TaskStatus, TaskWaits } from '@weft/contract';
import { parseTaskKey } from '@weft/engine/domain';
import { isWorthALine, ItemCounts, type Sent } from './item-counts.ts';
import type { PlacedNode } from './layout-graph.ts';

export type NodeRow = {
  readonly node: string;
  readonly depth: number;
  /** `pending` until the node has a task. */
  status: TaskStatus;
  iteration: number;
  attempt: number;
  /** Epoch ms. */
  startedAt: number | null;
  endedAt: number | null;
  error: TaskError | null;
  /** Its result was computed for another task. */
  cached: boolean;
  /** What the running attempt said last about how far it is. */
  progress: Json;
  /** What it waits for while it waits, and until when that is (epoch ms), where that is known. */
  waits: TaskWaits | null;
  dueAt: number | null;
  /** What it asks, once that is known. */
  question: string | null;
  /** Its tasks, where it runs for the items of a send; null where it has one task. */
  items: ItemCounts | null;
  /** How far it has come, if it is a send. */
  sent: Sent | null;
};

/** What became of one node; what a watcher without a screen prints. */
export type RowChange = { row: NodeRow; at: number };

/** Items of one node of which a failure is told by itself; the others are counted. */
const MOST_FAILURES = 10;

const FINAL: ReadonlySet<TaskStatus> = new Set<TaskStatus>(['succeeded', 'failed', 'skipped', 'cancelled']);

export class RunView {
  readonly rows: NodeRow[];
  readonly #byNode: Map<string, NodeRow>;

  constructor(layout: readonly PlacedNode[]) {
    this.rows = layout.map(({ name, depth }) => emptyRow(name, depth));
    this.#byNode = new Map(this.rows.map((row) => [row.node, row]));
  }

  /** How many nodes are through, and how many there are. */
  get progress(): { done: number; total: number } {
    return { done: this.rows.filter(({ status }) => FINAL.has(status)).length, total: this.rows.length };
  }

  /** Takes a task as the server lists it. */
  applyTask(task: Task): void {
    const place = placeOf({ key: task.key });
    if (place?.send) {
      this.#countItem(place, task.status);
      return;
    }
    const row = this.#row(task.node);
    if (task.iteration < row.iteration) return;
    if (task.items !== undefined) this.#sent(row).total = task.items;
    Object.assign(row, {
      status: task.status,
      iteration: task.iteration,
      attempt: task.attempt,
      startedAt: instant(task.startedAt),
      endedAt: instant(task.endedAt),
      error: task.error ?? null,
      waits: task.waits ?? (task.status === 'waiting' ? 'retry' : null),
      dueAt: instant(task.dueAt ?? null),
      cached: task.cached ?? false,
    });
  }

  /** Takes a question of the run, so that its node shows what it asks. */
  applyQuestion({ node, at, message }: Interrupt): void {
    const text = at === 'node' ? message : `go on ${at} ${node}?`;
    this.#row(node).question = text;
  }

  /** Takes from a listed task only that it has started, where no event has told more. */
  applyStarted(task: Task): RowChange[] {
    const row = this.#row(task.node);
    if (row.items) return [];
    const isSame = task.iteration === row.iteration && task.attempt === row.attempt;
    if (row.status !== 'ready' || task.status !== 'running' || !isSame) return [];
    this.applyTask(task);
    return [{ row, at: row.startedAt ?? 0 }];
  }

  /** Takes an event of the mode `tasks`; returns the rows that it changed. */
  applyEvent(event: Event): RowChange[] {
    const data = asObject(event.data);
    const at = Date.parse(event.at);
    if (event.n !== undefined) return this.#applyLive(event.type, data, at);
    const facts = Array.isArray(data['tasks']) ? data['tasks'].map(asObject) : [];
    const changed = facts.flatMap((fact) => this.#applyFact(fact, { at, rearms: event.type === 'retried' }));
    return [...changed, ...this.#applyRun(asObject(data['run']), at)];
  }

  #applyLive(type: string, data: JsonObject, at: number): RowChange[] {
    const place = placeOf(data);
    if (place === null) return [];
    const row = this.#row(place.node);
    if (place.send) {
      const known = row.items?.get(place.key);
      if (type === 'task_started' && known && !FINAL.has(known)) this.#countItem(place, 'running');
      return [];
    }
    const attempt = numberOf(data['attempt']) ?? row.attempt;
    if (attempt < row.attempt || (FINAL.has(row.status) && attempt === row.attempt)) return [];
    if (type === 'task_progress') row.progress = data['progress'] ?? null;
    else
      Object.assign(row, {
        status: 'running',
        attempt,
        startedAt: at,
        endedAt: null,
        error: null,
        progress: null,
        waits: null,
      });
    return [{ row, at }];
  }

  #applyFact(fact: JsonObject, { at, rearms }: { at: number; rearms: boolean }): RowChange[] {
    const place = placeOf(fact);
    const status = fact['status'] as TaskStatus;
    if (place === null || typeof status !== 'string') return [];
    if (place.send) return this.#applyItem(place, fact, { at, rearms });
    const row = this.#row(place.node);
    if (place.iteration > row.iteration) row.sent = null;
    if (typeof fact['items'] === 'number') this.#sent(row).total = fact['items'];
    const attempt = numberOf(fact['attempt']) ?? 0;
    const isKnown = place.iteration < row.iteration || (place.iteration === row.iteration && attempt <= row.attempt);
    // The list of tasks may be ahead of the journal's events; what has ended there stays so.
    if (isKnown && !rearms && (FINAL.has(row.status) || place.iteration < row.iteration)) return [];
    const waits = status === 'waiting' ? ((fact['waits'] as TaskWaits | undefined) ?? 'retry') : null;
    if (isKnown && status === row.status && attempt === row.attempt && waits === row.waits) return [];
    const ended = FINAL.has(status);
    const isAnew = status === 'pending' || status === 'ready';
    Object.assign(row, {
      status,
      attempt,
      iteration: place.iteration,
      startedAt: isAnew ? null : row.startedAt,
      endedAt: ended ? at : null,
      error: (fact['error'] as TaskError | undefined) ?? null,
      waits,
      dueAt: numberOf(fact['dueAt']) ?? null,
      ...(waits !== 'answer' && { question: null }),
      cached: fact['cached'] === true,
      ...((ended || isAnew) && { progress: null }),
    });
    // How many of its items came to what, before the end of the send itself.
    const items = ended && row.sent?.target ? [{ row: this.#row(row.sent.target), at }] : [];
    return [...items, { row, at }];
  }

  /** A run that ends early takes with it what has not ended. */
  #applyRun(run: JsonObject, at: number): RowChange[] {
    if (run['status'] !== 'failed' && run['status'] !== 'cancelled') return [];
    const open = this.rows.filter(({ status }) => status !== 'pending' && !FINAL.has(status));
    for (const row of open) {
      const closed = row.items?.close() ?? 0;
      const sender = this.rows.find(({ sent }) => sent?.target === row.node);
      if (sender?.sent) sender.sent.ended += closed;
      Object.assign(row, { status: row.items?.status ?? 'cancelled', endedAt: at });
    }
    return open.map((row) => ({ row, at }));
  }

  /** Of items few things are worth a line: the first failures, and how far their send has come. */
  #applyItem(place: ItemPlace, fact: JsonObject, { at, rearms }: { at: number; rearms: boolean }): RowChange[] {
    const status = fact['status'] as TaskStatus;
    const known = this.#row(place.node).items?.get(place.key);
    // As with other tasks the list may be ahead of the events.
    if (known && FINAL.has(known) && !rearms) return [];
    const { row, sender, ended } = this.#countItem(place, status);
    const error = (fact['error'] as TaskError | undefined) ?? null;
    const isTold = status === 'failed' && (row.items?.count('failed') ?? 0) <= MOST_FAILURES;
    const failed = {
      ...emptyRow(`${row.node}[${place.item}]`, 0),
      status,
      error,
      attempt: numberOf(fact['attempt']) ?? 0,
    };
    const tellsProgress = ended > 0 && sender.items === null && sender.sent !== null && isWorthALine(sender.sent);
    return [...(isTold ? [{ row: failed, at }] : []), ...(tellsProgress ? [{ row: sender, at }] : [])];
  }

  #countItem(
    { key, node, send, round }: ItemPlace,
    status: TaskStatus,
  ): { row: NodeRow; sender: NodeRow; ended: number } {
    const row = this.#row(node);
    const sender = this.#row(send);
    // A loop has begun the send anew: what came of the items before does not count any more.
    const sent = this.#sent(sender);
    if (!row.items || round > row.iteration) {
      Object.assign(row, { items: new ItemCounts(), iteration: round });
      sent.ended = 0;
    }
    if (round < row.iteration) return { row, sender, ended: 0 };
    const ended = row.items?.set(key, status) ?? 0;
    if (row.items) row.status = row.items.status;
    sent.ended += ended;
    sent.target = node;
    return { row, sender, ended };
  }

  #sent(row: NodeRow): Sent {
    row.sent ??= { ended: 0, total: null, target: null };
    return row.sent;
  }

  #row(node: string): NodeRow {
    const known = this.#byNode.get(node);
    if (known) return known;
    const row = emptyRow(node, 0);
    this.rows.push(row);
    this.#byNode.set(node, row);
    return row;
  }
}

function emptyRow(node: string, depth: number): NodeRow {
  return {
    node,
    depth,
    status: 'pending',
    iteration: 0,
    attempt: 0,
    startedAt: null,
    endedAt: null,
    error: null,
    cached: false,
    progress: null,
    waits: null,
    dueAt: null,
    question: null,
    items: null,
    sent: null,
  };
}

/** Where a task stands: at the top, or as an item of a send, in the round that the outermost send is in. */
type ItemPlace = { key: string; node: string; iteration: number; send: string; item: string; round: number };
type Place = { node: string; iteration: number; send?: never } | ItemPlace;

function placeOf(data: JsonObject): Place | null {
  const key = typeof data['key'] === 'string' ? data['key'] : '';
  const path = parseTaskKey(key);
  const own = path?.at(-1);
  if (!path || !own) return typeof data['node'] === 'string' ? { node: data['node'], iteration: 0 } : null;
  const { node, iteration } = own;
  const send = path.at(-2)?.node;
  if (send === undefined) return { node, iteration };
  const item = path.slice(0, -1).map((part) => part.item ?? 0);
  return { key, node, iteration, send, item: item.join(']['), round: path[0]?.iteration ?? 0 };
}

function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function instant(text: string | null): number | null {
  return text === null ? null : Date.parse(text);
}
