import type { Broker, TaskMessage } from '@weft/engine/ports';

import type { SeededRandom } from './seeded-random.ts';

export type LossyBrokerOptions = {
  random: SeededRandom;
  /** How probable it is that a message is lost on its way to its lane (0). */
  drop?: number;
  /** How probable it is that a claimed message is handed out once more (0). */
  duplicate?: number;
};

export type LossyBroker = Broker & { readonly dropped: number; readonly duplicated: number };

/** A broker that loses some messages and hands out others twice; a broker may do both. */
export function createLossyBroker(inner: Broker, { random, drop = 0, duplicate = 0 }: LossyBrokerOptions): LossyBroker {
  const again: TaskMessage[] = [];
  let dropped = 0;
  let duplicated = 0;
  return {
    publish(messages, acks) {
      const kept = messages.filter(() => !random.chance(drop));
      dropped += messages.length - kept.length;
      return inner.publish(kept, acks);
    },
    async claim(request) {
      const repeated = again.splice(0, request.limit);
      if (repeated.length > 0) {
        duplicated += repeated.length;
        return repeated;
      }
      const messages = await inner.claim(request);
      again.push(...messages.filter(() => random.chance(duplicate)));
      return messages;
    },
    release: (worker, messages) => inner.release(worker, messages),
    recall: (worker) => inner.recall(worker),
    claimed: (worker) => inner.claimed(worker),
    held: (tasks) => inner.held(tasks),
    depths: (lists) => inner.depths(lists),
    arrange: (order) => inner.arrange(order),
    epoch: () => inner.epoch(),
    revoke: (runId) => inner.revoke(runId),
    onRevoke: (listener) => inner.onRevoke(listener),
    get dropped() {
      return dropped;
    },
    get duplicated() {
      return duplicated;
    },
  };
}
