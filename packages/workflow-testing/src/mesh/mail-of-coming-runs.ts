import type { Mail } from '@weft/engine/ports';

/** Mail to runs that do not exist yet: it asks for them to be started. */
export class MailOfComingRuns {
  readonly #mail: Map<string, Mail[]>;
  /** When the first mail to each run came, epoch ms. */
  readonly #since = new Map<string, number>();
  readonly #now: () => number;

  constructor(mail: Iterable<[string, Mail[]]> = [], now: () => number) {
    this.#mail = new Map(mail);
    this.#now = now;
  }

  dump(): [string, Mail[]][] {
    return Array.from(this.#mail);
  }

  /** The runs that are asked for. */
  asked(): string[] {
    return Array.from(this.#mail.keys());
  }

  askedBefore(instant: number): string[] {
    return this.asked().filter((runId) => (this.#since.get(runId) ?? 0) <= instant);
  }

  startMail(runId: string): Mail | null {
    return this.#mail.get(runId)?.find(({ kind }) => kind === 'start') ?? null;
  }

  receive(runId: string, mail: Mail): void {
    const waiting = this.#mail.get(runId) ?? [];
    if (waiting.some(({ dedupeKey }) => dedupeKey === mail.dedupeKey)) return;
    if (waiting.length === 0) this.#since.set(runId, this.#now());
    this.#mail.set(runId, [...waiting, mail]);
  }

  drop(runId: string, mailId: string): void {
    const left = (this.#mail.get(runId) ?? []).filter(({ id }) => id !== mailId);
    if (left.length > 0) this.#mail.set(runId, left);
    else this.#mail.delete(runId);
  }

  /** All mail to the run, which begins to exist. */
  take(runId: string): Mail[] {
    const mail = this.#mail.get(runId) ?? [];
    this.#mail.delete(runId);
    return mail;
  }
}
