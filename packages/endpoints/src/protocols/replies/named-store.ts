import type { ReplyStore } from '@weft/engine/ports';
import { messageOf } from '@weft/executors/failure';

/** The reply store is out of reach, which speaks against no endpoint. */
export class ReplyStoreError extends Error {
  override readonly name = 'ReplyStoreError';

  constructor(cause: unknown) {
    super(`the store of answers does not answer: ${messageOf(cause)}`, { cause });
  }
}

/** A store whose errors are known for its own. */
export function namedStore(store: ReplyStore): ReplyStore {
  return {
    open: (key) => store.open(key).catch(fail),
    note: (key, send, note) => store.note(key, send, note).catch(fail),
    put: (key, send, reply) => store.put(key, send, reply).catch(fail),
    reopen: (key, send) => store.reopen(key, send).catch(fail),
    attend: (mailbox, holder, leaseMs) => store.attend(mailbox, holder, leaseMs).catch(fail),
    openMailbox: (mailbox, holder, isNew) => store.openMailbox(mailbox, holder, isNew).catch(fail),
    leave: (mailbox, holder) => store.leave(mailbox, holder).catch(fail),
  };
}

function fail(cause: unknown): never {
  throw new ReplyStoreError(cause);
}
