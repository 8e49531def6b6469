/** What a watcher knows of a run: one row for each node, kept up to date by what the server tells. */
import type { Event, Interrupt, Json, JsonObject, Task, TaskError, TaskStatus, TaskWaits } from '@weft/contract';
import { parseTaskKey } from '@weft/engine/domain';
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
};

/** What became of one node; what a watcher without a screen prints. */
export type RowChange = { row: NodeRow; at: number };

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
    const row = this.#row(task.node);
    if (task.iteration < row.iteration) return;
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
    const row = this.#row(place.node);
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
    return [{ row, at }];
  }

  /** A run that ends early takes with it what has not ended. */
  #applyRun(run: JsonObject, at: number): RowChange[] {
    if (run['status'] !== 'failed' && run['status'] !== 'cancelled') return [];
    const open = this.rows.filter(({ status }) => status !== 'pending' && !FINAL.has(status));
    for (const row of open) Object.assign(row, { status: 'cancelled', endedAt: at });
    return open.map((row) => ({ row, at }));
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
  };
}

function placeOf(data: JsonObject): { node: string; iteration: number } | null {
  const place = typeof data['key'] === 'string' ? parseTaskKey(data['key'])?.at(-1) : undefined;
  return place ?? (typeof data['node'] === 'string' ? { node: data['node'], iteration: 0 } : null);
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
