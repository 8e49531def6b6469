import type { Json } from '@weft/contract';
import type { ReplyFate, ReplyStore } from '@weft/engine/ports';

import type { RedisConnection } from './connection.ts';
import { mailboxKey, replyKey } from './keys.ts';
import { Scripts } from './scripts.ts';

const DAY_MS = 86_400_000;

/** Answers in Redis, for all workers; each call is one step. It fails fast when Redis is away. */
export function createRedisReplyStore(connection: RedisConnection): ReplyStore {
  const { prefix, commands } = connection;
  const scripts = new Scripts(commands);
  const ofReply = (key: string, op: string, ...args: (string | number)[]): Promise<unknown> =>
    scripts.run('reply', replyKey(prefix, key), [op, DAY_MS, ...args]);
  const ofMailbox = (name: string, op: string, ...args: (string | number)[]): Promise<unknown> =>
    scripts.run('mailbox', mailboxKey(prefix, name), [op, DAY_MS, ...args]);

  return {
    async open(key) {
      const [send, reply, note] = (await ofReply(key, 'open')) as [string | null, string | null, string | null];
      return { send: Number(send ?? 1), reply: parsed(reply), note: parsed(note) };
    },
    note: async (key, send, note) => void (await ofReply(key, 'note', send, JSON.stringify(note))),
    put: async (key, send, reply) => (await ofReply(key, 'put', send, JSON.stringify(reply))) as ReplyFate,
    reopen: async (key, send) => void (await ofReply(key, 'reopen', send)),
    async attend(mailbox, holder, leaseMs) {
      const [isMine, epoch = 0, isOpen] = (await ofMailbox(mailbox, 'attend', holder, leaseMs)) as number[];
      return { isMine: isMine === 1, epoch, isOpen: isOpen === 1 };
    },
    async openMailbox(mailbox, holder, isNew) {
      const epoch = Number(await ofMailbox(mailbox, 'open', holder, isNew ? 1 : 0));
      return epoch < 0 ? null : epoch;
    },
    leave: async (mailbox, holder) => void (await ofMailbox(mailbox, 'leave', holder)),
  };
}

function parsed(text: string | null): Json | null {
  return text === null ? null : (JSON.parse(text) as Json);
}
