/**
 * A mailbox: where the answers to what was sent to one address come in. One process at a time attends it, for all: it hears an
 * answer, keeps it in the reply store and only then lets go of it over there. The holder has a lease; when it dies, whoever waits
 * for an answer takes its place and finds what came in between, since the other side keeps it (a session, a consumer group).
 * Where the other side has forgotten the mailbox, an epoch begins: what was sent before is sent again.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ReplyStore } from '@weft/engine/ports';
import { messageOf } from '@weft/executors/failure';

export type MailboxEvents = {
  /** Answers are kept over there from now on. `isNew`: the other side did not know the mailbox. */
  opened(isNew: boolean): void;
  /** It is out of reach; the listener tries again by itself. */
  lost(error: Error): void;
  /** It gave up: somebody else has the mailbox, or it is not let in. */
  ended(error: Error): void;
};

/** Listens over there until it is closed. */
export type Listener = { close(): Promise<void> };

export type MailboxOptions = {
  /** The same in all processes. */
  name: string;
  replies: ReplyStore;
  listen: (events: MailboxEvents) => Listener;
  leaseMs?: number;
};

const LEASE_MS = 10_000;
/** How long opening a mailbox may take at the most, and how long where it has failed once. */
const OPEN_MS = 5_000;
const REOPEN_MS = 1_500;
/** How often one looks whether the holder has opened it. */
const LOOK_MS = 100;

export class Mailbox {
  readonly #options: MailboxOptions;
  readonly #leaseMs: number;
  readonly #holder = randomUUID();
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #listener: Listener | null = null;
  /** By this process, as its holder. */
  #isListening = false;
  /** Found so, and not told to the store yet. */
  #isNew = false;
  /** As the store says, whoever attends it. */
  #isOpen = false;
  #epoch = 0;
  #error: Error | null = null;
  #hasNews = false;
  /** It was not let in: until somebody asks again, it does not try, and is in nobody's way. */
  #isPaused = false;
  #wake = new AbortController();

  constructor(options: MailboxOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? LEASE_MS;
    this.#running = this.#attend();
  }

  /** The epoch as far as it is known here. */
  get epoch(): number {
    return this.#epoch;
  }

  /**
   * Waits until answers are kept, whoever attends the mailbox.
   *
   * @throws the reason why the other side cannot be reached, or that of the signal
   */
  async open(signal: AbortSignal): Promise<number> {
    const from = performance.now();
    this.#resume();
    while (!this.#isOpen) {
      signal.throwIfAborted();
      const waitedMs = performance.now() - from;
      if (this.#error !== null && (this.#isPaused || waitedMs > REOPEN_MS)) throw this.#error;
      if (waitedMs > OPEN_MS) throw new Error(`nobody attends the answers within ${OPEN_MS} ms`);
      await sleep(LOOK_MS / 5, undefined, { signal });
    }
    return this.#epoch;
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#running;
    await this.#listener?.close();
    await this.#options.replies.leave(this.#options.name, this.#holder).catch(() => undefined);
  }

  async #attend(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#hasNews = false;
      this.#wake = new AbortController();
      await (this.#isPaused ? this.#pause() : this.#step()).catch(
        (error: unknown) => void (this.#error = asError(error)),
      );
      if (this.#hasNews) continue;
      const waitMs = this.#isOpen || this.#isPaused ? this.#leaseMs / 3 : LOOK_MS;
      const { signal } = this.#wake;
      await sleep(waitMs, undefined, { signal: AbortSignal.any([signal, this.#stop.signal]) }).catch(() => undefined);
    }
  }

  async #pause(): Promise<void> {
    await this.#dropListener();
    this.#isOpen = false;
    await this.#options.replies.leave(this.#options.name, this.#holder);
  }

  async #step(): Promise<void> {
    const { name, replies, listen } = this.#options;
    const { isMine, epoch, isOpen } = await replies.attend(name, this.#holder, this.#leaseMs);
    this.#epoch = Math.max(this.#epoch, epoch);
    this.#isOpen = isOpen;
    if (!isMine) return await this.#dropListener();
    this.#listener ??= listen(this.#events());
    // A store that has forgotten it is told again.
    if (!this.#isListening || (isOpen && !this.#isNew)) return;
    const begun = await replies.openMailbox(name, this.#holder, this.#isNew);
    if (begun === null) return;
    this.#isNew = false;
    this.#error = null;
    this.#epoch = begun;
    this.#isOpen = true;
  }

  #events(): MailboxEvents {
    return {
      opened: (isNew) => {
        this.#isListening = true;
        this.#isNew ||= isNew;
        this.#tellNews();
      },
      lost: (error) => void (this.#error = error),
      ended: (error) => {
        this.#error = error;
        this.#isPaused = true;
        this.#tellNews();
      },
    };
  }

  #tellNews(): void {
    this.#hasNews = true;
    this.#wake.abort();
  }

  #resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#error = null;
    this.#tellNews();
  }

  async #dropListener(): Promise<void> {
    const listener = this.#listener;
    this.#listener = null;
    this.#isListening = false;
    await listener?.close();
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(messageOf(thrown));
}
