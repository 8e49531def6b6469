/** Merges the events of one subscription between two flushes. Pure: it knows no clock and no socket. */
import type { RunStatus, TaskStatus, WsEvent, WsSnapshot } from '@weft/contract';

import type { Flush, Said, TaskChange } from './protocol.ts';

/** More events of a run than this in a flush are not shown one by one. */
const MOST_EVENTS = 200;
const MOST_TEXT = 64_000;

type Facts = { key: string; status: TaskStatus; attempt?: number };
type Data = Record<string, unknown>;

export class Merge {
  readonly #isRun: boolean;
  #flush = empty();
  #latest = new Map<string, WsEvent>();
  #tasks = new Map<string, TaskChange>();
  #said = new Map<string, Said>();

  constructor(topic: string) {
    this.#isRun = topic.startsWith('run:');
  }

  /** Null where nothing has come. */
  take(): Flush | null {
    const flush = this.#flush;
    const isEmpty = flush.count === 0 && !flush.snapshot && !flush.hasGap && !flush.end && !flush.error;
    if (isEmpty) return null;
    flush.events.push(...this.#latest.values());
    flush.tasks.push(...this.#tasks.values());
    flush.said.push(...this.#said.values());
    this.#flush = empty();
    this.#latest = new Map();
    this.#tasks = new Map();
    this.#said = new Map();
    return flush;
  }

  snapshot(items: WsSnapshot['items']): void {
    this.#flush.snapshot = items;
    this.#latest.clear();
  }

  gap(): void {
    this.#flush.hasGap = true;
  }

  end(status: RunStatus): void {
    this.#flush.end = status;
  }

  error(error: { code: string; message: string }): void {
    this.#flush.error = error;
  }

  events(events: readonly WsEvent[], lastStep: number | null): void {
    this.#flush.count += events.length;
    this.#flush.lastStep = lastStep ?? this.#flush.lastStep;
    for (const event of events) {
      if (this.#isRun) this.#ofRun(event);
      else this.#latest.set(`${event.type} ${nameOf(event)}`, event);
    }
  }

  #ofRun(event: WsEvent): void {
    const { events } = this.#flush;
    if (event.mode === 'messages' && event.n !== undefined) return this.#say(event);
    events.push(event);
    // The newest are kept: they are what is looked at.
    if (events.length > MOST_EVENTS) {
      events.shift();
      this.#flush.omitted += 1;
    }
    if (event.mode === 'tasks') this.#tasksOf(event);
  }

  #tasksOf({ data, type, at }: WsEvent): void {
    const told = (data ?? {}) as Data;
    if (type === 'task_started' || type === 'task_progress') {
      this.#change({
        ...placeOf(told),
        status: 'running',
        at,
        ...('progress' in told && { progress: told['progress'] }),
      });
      return;
    }
    const ids = idsOf(told);
    for (const { key, status, attempt = 0 } of (told['tasks'] ?? []) as Facts[])
      this.#change({ key, node: nodeOf(key), taskId: ids.get(key) ?? null, status, attempt, at });
    const voids = told['voids'] as { taskId: string; attempt: number } | undefined;
    if (voids) this.#flush.voids.push(voids);
  }

  #change(change: TaskChange): void {
    // What was told first may know the id; a start that comes late changes nothing that has ended.
    const known = this.#tasks.get(change.key);
    const isLate = change.status === 'running' && known && known.attempt >= change.attempt && isFinal(known.status);
    if (!isLate) this.#tasks.set(change.key, { ...change, taskId: change.taskId ?? known?.taskId ?? null });
  }

  #say({ data }: WsEvent): void {
    const told = (data ?? {}) as Data;
    const { taskId, key, node, attempt } = placeOf(told);
    const name = `${taskId} ${attempt}`;
    const before = this.#said.get(name)?.text ?? '';
    const text = `${before}${typeof told['text'] === 'string' ? told['text'] : ''}`.slice(-MOST_TEXT);
    this.#said.set(name, { taskId: taskId ?? '', key, node, attempt, text });
  }
}

export function isFinal(status: TaskStatus): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'skipped' || status === 'cancelled';
}

/** The node in a task's key, `scope/node#iteration[item]`. */
export function nodeOf(key: string): string {
  const last = key.slice(key.lastIndexOf('/') + 1);
  return last.slice(0, Math.max(0, last.lastIndexOf('#'))) || last;
}

function empty(): Flush {
  return {
    snapshot: null,
    events: [],
    count: 0,
    omitted: 0,
    tasks: [],
    said: [],
    voids: [],
    hasGap: false,
    lastStep: null,
    end: null,
    error: null,
  };
}

function placeOf(told: Data) {
  return {
    key: textOf(told['key']),
    node: textOf(told['node']),
    taskId: typeof told['taskId'] === 'string' ? told['taskId'] : null,
    attempt: Number(told['attempt'] ?? 0),
  };
}

function textOf(given: unknown): string {
  return typeof given === 'string' ? given : '';
}

function idsOf(told: Data): Map<string, string> {
  const named = [...((told['starts'] ?? []) as Data[]), ...((told['ends'] ?? []) as Data[])];
  return new Map(named.map((one) => [String(one['key']), String(one['taskId'])]));
}

function nameOf({ runId, data }: WsEvent): string {
  const { id, name } = (data ?? {}) as { id?: unknown; name?: unknown };
  return runId ?? textOf(id ?? name);
}
