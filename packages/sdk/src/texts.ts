/** Puts together the texts that come in pieces, and drops those of attempts that came to nothing. */
import type { Event, Json, JsonObject } from '@weft/contract';
import type { RunStreamItem } from './run-events.ts';

/** The text of one attempt, as far as it has come. */
export type AttemptText = {
  taskId: string;
  node: string;
  key: string;
  attempt: number;
  /** All pieces together; empty once it is void. */
  text: string;
  /** What has been added to it now. */
  piece: string;
  metadata: JsonObject | null;
  /** The attempt came to nothing, and its text with it; another attempt may begin anew. */
  voided: boolean;
  /** Pieces may be missing: there was a gap, and it is not known that the attempt began after it. */
  incomplete: boolean;
};

/**
 * Yields the text of an attempt whenever it has grown or turned out to be void. `stream` brings the mode `messages`, and best
 * `tasks` as well, which says when attempts begin and end.
 */
export async function* texts(stream: AsyncIterable<RunStreamItem>): AsyncGenerator<AttemptText, void, undefined> {
  const attempts = new Attempts();
  for await (const item of stream) {
    if (item.kind === 'gap') attempts.miss();
    if (item.kind !== 'event') continue;
    const changed = attempts.take(item.event);
    if (changed) yield changed;
  }
}

class Attempts {
  readonly #texts = new Map<string, AttemptText>();
  readonly #voided = new Set<string>();
  /** Attempts that are known to have begun after the last gap; null while there was none. */
  #begun: Set<string> | null = null;

  miss(): void {
    this.#begun = new Set();
    for (const [name, text] of this.#texts) this.#texts.set(name, { ...text, incomplete: true });
  }

  take({ mode, type, data }: Event): AttemptText | null {
    const told = asObject(data);
    const voids = asObject(told['voids']);
    if ('taskId' in voids) return this.#void(nameOf(voids));
    if (mode === 'tasks' && type === 'task_started') this.#begun?.add(nameOf(told));
    if (mode === 'tasks') this.#settle(told['ends']);
    return mode === 'messages' && type === 'token' ? this.#grow(told) : null;
  }

  #grow(told: JsonObject): AttemptText | null {
    const name = nameOf(told);
    // A piece may come late.
    if (this.#voided.has(name)) return null;
    const piece = textOf(told['text']);
    const before = this.#texts.get(name);
    const grown: AttemptText = {
      taskId: textOf(told['taskId']),
      node: textOf(told['node']),
      key: textOf(told['key']),
      attempt: Number(told['attempt']),
      text: `${before?.text ?? ''}${piece}`,
      piece,
      metadata: 'metadata' in told ? asObject(told['metadata']) : null,
      voided: false,
      incomplete: before?.incomplete ?? (this.#begun !== null && !this.#begun.has(name)),
    };
    this.#texts.set(name, grown);
    return grown;
  }

  #void(name: string): AttemptText | null {
    // The modes tell it each.
    if (this.#voided.has(name)) return null;
    this.#voided.add(name);
    const text = this.#texts.get(name);
    this.#texts.delete(name);
    return text ? { ...text, text: '', piece: '', voided: true } : null;
  }

  /** Of what has come to its end nothing need be remembered. */
  #settle(ends: Json | undefined): void {
    for (const end of Array.isArray(ends) ? ends : []) this.#texts.delete(nameOf(asObject(end)));
  }
}

function nameOf({ taskId, attempt }: JsonObject): string {
  return `${textOf(taskId)} ${Number(attempt)}`;
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}

function asObject(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}
