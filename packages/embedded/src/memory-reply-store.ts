import type { Json } from '@weft/contract';
import type { Attendance, ReplyFate, ReplyRecord, ReplyStore } from '@weft/engine/ports';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** The oldest go first. */
const MAX_REQUESTS = 50_000;

type Kept = ReplyRecord & { expiresAt: number };
type Mailbox = { holder: string | null; leaseEndsAt: number; epoch: number; isOpen: boolean };

/** Answers in the memory of one process, which alone may wait for them. `now`: epoch ms. */
export function createMemoryReplyStore(now: () => number = Date.now): ReplyStore {
  return new MemoryReplyStore(now);
}

class MemoryReplyStore implements ReplyStore {
  readonly #now: () => number;
  readonly #requests = new Map<string, Kept>();
  readonly #mailboxes = new Map<string, Mailbox>();

  constructor(now: () => number) {
    this.#now = now;
  }

  async open(key: string): Promise<ReplyRecord> {
    const kept = this.#find(key) ?? this.#add(key, { send: 1, reply: null, note: null }, DAY_MS);
    kept.expiresAt = this.#now() + DAY_MS;
    const { send, reply, note } = kept;
    return { send, reply, note };
  }

  async note(key: string, send: number, note: Json): Promise<void> {
    const kept = this.#find(key);
    if (kept?.send === send) kept.note = note;
  }

  async put(key: string, send: number, reply: Json): Promise<ReplyFate> {
    const kept = this.#find(key);
    if (kept === undefined) {
      this.#add(key, { send, reply, note: null }, HOUR_MS);
      return 'unasked';
    }
    if (send < kept.send) return 'late';
    if (send === kept.send && kept.reply !== null) return 'repeated';
    Object.assign(kept, { send, reply, note: send === kept.send ? kept.note : null } satisfies ReplyRecord);
    return 'kept';
  }

  async reopen(key: string, send: number): Promise<void> {
    const kept = this.#find(key);
    if (kept?.send === send) Object.assign(kept, { send: send + 1, reply: null, note: null } satisfies ReplyRecord);
  }

  async attend(name: string, holder: string, leaseMs: number): Promise<Attendance> {
    const mailbox = this.#mailbox(name);
    const isMine = mailbox.holder === null || mailbox.holder === holder;
    if (isMine) Object.assign(mailbox, { holder, leaseEndsAt: this.#now() + leaseMs });
    return { isMine, epoch: mailbox.epoch, isOpen: mailbox.isOpen };
  }

  async openMailbox(name: string, holder: string, isNew: boolean): Promise<number | null> {
    const mailbox = this.#mailbox(name);
    if (mailbox.holder !== holder) return null;
    mailbox.isOpen = true;
    if (isNew) mailbox.epoch += 1;
    return mailbox.epoch;
  }

  async leave(name: string, holder: string): Promise<void> {
    const mailbox = this.#mailbox(name);
    if (mailbox.holder === holder) Object.assign(mailbox, { holder: null, leaseEndsAt: 0, isOpen: false });
  }

  #find(key: string): Kept | undefined {
    const kept = this.#requests.get(key);
    if (kept === undefined || kept.expiresAt > this.#now()) return kept;
    this.#requests.delete(key);
    return undefined;
  }

  #add(key: string, record: ReplyRecord, keepMs: number): Kept {
    for (const [oldest, { expiresAt }] of this.#requests) {
      if (expiresAt > this.#now() && this.#requests.size < MAX_REQUESTS) break;
      this.#requests.delete(oldest);
    }
    const kept = { ...record, expiresAt: this.#now() + keepMs };
    this.#requests.set(key, kept);
    return kept;
  }

  #mailbox(name: string): Mailbox {
    const known = this.#mailboxes.get(name) ?? { holder: null, leaseEndsAt: 0, epoch: 0, isOpen: false };
    if (known.leaseEndsAt <= this.#now()) Object.assign(known, { holder: null, isOpen: false });
    this.#mailboxes.set(name, known);
    return known;
  }
}
