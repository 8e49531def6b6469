/** What one attempt tells watchers while it runs. Nothing of it can fail, or hold up, the attempt. */
import type { Json, JsonObject } from '@weft/contract';

import { cleanJson } from '../../domain/outcome/clean.ts';
import type { Clock, LiveEvent, Log, Secrets, TaskMessage, TextRedactor } from '../../ports/index.ts';
import type { LiveOutbox, Pending } from './live-outbox.ts';

/** What one event may hold, bytes of JSON text and levels; a longer text comes in pieces. */
const DATA_LIMITS = { maxBytes: 64 * 1024, maxDepth: 100 };
const INPUT_LIMITS = { maxBytes: 16 * 1024, maxDepth: 100 };
const PIECE = 16 * 1024;
/** So long an outcome waits at most for what was told before it. */
const ARRIVAL_MS = 100;
/** What an event has beside its data. */
const FRAME_BYTES = 300;

export type VoiceParts = {
  outbox: Pick<LiveOutbox, 'add' | 'grow' | 'withdraw' | 'hurry'>;
  message: TaskMessage;
  worker: string;
  secrets: Secrets;
  clock: Pick<Clock, 'now'>;
  log: Log;
};

type Told = Pick<LiveEvent, 'mode' | 'type'> & { data: JsonObject };

export class AttemptVoice {
  readonly #parts: VoiceParts;
  readonly #place: JsonObject;
  #secrets: readonly string[] = [];
  #text: TextRedactor | null = null;
  #start: Pending | null = null;
  #hasTold = false;
  #over = false;
  /** The text that may still grow, and what was said of it. */
  #open: { pending: Pending; data: JsonObject & { text: string }; about: string } | null = null;
  #about: JsonObject | undefined;

  constructor(parts: VoiceParts) {
    const { taskId, key, node, attempt } = parts.message;
    this.#parts = parts;
    this.#place = { taskId, key, node, attempt, worker: parts.worker };
  }

  /** Of a short attempt nobody hears that it has begun. */
  start(input: Json): void {
    const event = this.#event({ mode: 'tasks', type: 'task_started', data: {} });
    const start = this.#parts.outbox.add({ ...event, fleeting: true }, { bytes: FRAME_BYTES });
    if (!start) return;
    start.finish = () => {
      const cleaned = cleanJson(input, INPUT_LIMITS);
      Object.assign(start.event.data, cleaned.ok ? { input: cleaned.value } : { inputOmitted: cleaned.code });
    };
    this.#start = start;
  }

  /** What is never told. */
  hide(secrets: readonly string[]): void {
    this.#secrets = secrets;
    this.#text = secrets.length > 0 ? this.#parts.secrets.redactText(secrets) : null;
  }

  progress(progress: Json): void {
    this.#say('tasks', 'task_progress', { progress });
  }

  emit(data: unknown): void {
    this.#say('custom', 'custom', { data: data as Json });
  }

  /** What Weft itself has to say of the attempt. */
  tell(type: string, data: JsonObject): void {
    this.#say('custom', type, data);
  }

  token(text: unknown, metadata?: JsonObject): void {
    this.#safely(() => {
      if (typeof text !== 'string' || text === '') return;
      const about = metadata === undefined ? undefined : this.#metadata(metadata);
      if (!isSame(about, this.#about)) this.#sayHeld();
      this.#about = about;
      this.#grow(this.#text ? this.#text.push(text) : text);
    });
  }

  /** Nothing is told after it. */
  end(): void {
    this.#safely(() => this.#sayHeld());
    this.#over = true;
    if (this.#start && !this.#hasTold) this.#parts.outbox.withdraw(this.#start);
  }

  /** Lets what was told arrive before what came of the attempt; not for long. */
  async arrived(): Promise<void> {
    if (this.#hasTold) await this.#parts.outbox.hurry(ARRIVAL_MS);
  }

  /** The end of the text that was held back. */
  #sayHeld(): void {
    if (this.#text) this.#grow(this.#text.end());
  }

  #say(mode: LiveEvent['mode'], type: string, content: JsonObject): void {
    this.#safely(() => {
      const cleaned = cleanJson(content, DATA_LIMITS);
      if (!cleaned.ok) this.#warn(type, cleaned.message);
      const { code, message } = cleaned.ok ? { code: '', message: '' } : cleaned;
      const data = cleaned.ok ? this.#redact(cleaned.value as JsonObject) : { omitted: { code, message } };
      this.#open = null;
      this.#tell({ mode, type, data }, cleaned.ok ? cleaned.bytes : message.length);
    });
  }

  #grow(text: string): void {
    for (let at = 0; at < text.length; at += PIECE) this.#growBy(text.slice(at, at + PIECE));
  }

  #growBy(text: string): void {
    const { outbox } = this.#parts;
    const about = JSON.stringify(this.#about ?? null);
    const open = this.#open;
    const fits = open !== null && open.about === about && open.data.text.length + text.length <= PIECE;
    if (fits && outbox.grow(open.pending, text.length)) {
      open.data.text += text;
      return;
    }
    const data = { text, ...(this.#about && { metadata: this.#about }) };
    const pending = this.#tell({ mode: 'messages', type: 'token', data }, text.length + about.length);
    this.#open = pending && { pending, data: pending.event.data as JsonObject & { text: string }, about };
  }

  #metadata(metadata: JsonObject): JsonObject | undefined {
    const cleaned = cleanJson(metadata, INPUT_LIMITS);
    if (!cleaned.ok) this.#warn('token', `its metadata is left out: ${cleaned.message}`);
    return cleaned.ok ? this.#redact(cleaned.value as JsonObject) : undefined;
  }

  #redact<Value extends Json>(value: Value): Value {
    return this.#secrets.length > 0 ? this.#parts.secrets.redact(value, this.#secrets) : value;
  }

  #tell(told: Told, bytes: number): Pending | null {
    const isFirst = !this.#hasTold;
    this.#hasTold = true;
    return this.#parts.outbox.add(this.#event(told), { bytes: bytes + FRAME_BYTES, isFirst });
  }

  #event({ mode, type, data }: Told): LiveEvent {
    const { message, clock } = this.#parts;
    return { runId: message.runId, step: 0, mode, type, at: clock.now(), data: { ...this.#place, ...data } };
  }

  #warn(type: string, reason: string): void {
    const { log, message } = this.#parts;
    log.warn({ runId: message.runId, taskId: message.taskId, type }, `a live event could not be told: ${reason}`);
  }

  #safely(work: () => void): void {
    if (this.#over) return;
    try {
      work();
    } catch (error) {
      this.#warn('live', error instanceof Error ? error.message : 'it threw');
    }
  }
}

function isSame(one: JsonObject | undefined, other: JsonObject | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}
