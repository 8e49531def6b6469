import type { Json } from '@weft/contract';

/** What is known of a request whose answer comes by another way than it went. */
export type ReplyRecord = {
  /** Numbered from 1: rises when an answer was taken that was an error, so that the request goes out as another one. */
  send: number;
  /** The first answer to this send. */
  reply: Json | null;
  /** What the client that sent it wants the next one to know, such as the name of a task over there. */
  note: Json | null;
};

/**
 * `kept`: the first answer to the present send. `repeated`: there is one already. `late`: to a send that is over. `unasked`: nobody
 * asked, as far as is known, so it is kept for an hour only: what was known may have been lost. Only what is kept is ever read.
 */
export type ReplyFate = 'kept' | 'repeated' | 'late' | 'unasked';

/** A mailbox as it is now. */
export type Attendance = {
  /** Whether the one who asked attends it. */
  isMine: boolean;
  /** Rises each time that the mailbox was found empty and new: what was sent before may be lost, or its answer. */
  epoch: number;
  /** Whether answers are kept from now on, whoever attends it. */
  isOpen: boolean;
};

/**
 * Where all workers meet over answers that come by themselves. Whoever hears one keeps it here; whoever waits looks here. All of
 * it may be forgotten a day after it was asked for.
 */
export type ReplyStore = {
  /** Says that an answer to this key is waited for, and what is known already. */
  open(key: string): Promise<ReplyRecord>;
  /** Of no effect on a send that is over. */
  note(key: string, send: number, note: Json): Promise<void>;
  put(key: string, send: number, reply: Json): Promise<ReplyFate>;
  /** The send is over: its answer and its note are forgotten, and what still comes to it is late. */
  reopen(key: string, send: number): Promise<void>;
  /** Takes a mailbox that nobody attends, or renews one's own, for so long. */
  attend(mailbox: string, holder: string, leaseMs: number): Promise<Attendance>;
  /** Says, as its holder, that answers are kept from now on; `isNew` begins an epoch. Gives the epoch; null: not the holder. */
  openMailbox(mailbox: string, holder: string, isNew: boolean): Promise<number | null>;
  /** Gives a mailbox back. */
  leave(mailbox: string, holder: string): Promise<void>;
};
