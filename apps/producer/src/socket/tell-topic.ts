import type { SubscriptionId } from '@weft/contract';

import type { Outbox } from './outbox.ts';
import type { SharedTopic } from './shared-topic.ts';

/**
 * Tells a client a shared topic: a snapshot, then what comes. Nothing is kept for a client that is slow: what it misses is
 * left out, and once it takes again it gets a `gap` and a new snapshot. Returns the function that ends it.
 */
export function tellTopic(
  shared: SharedTopic,
  { id, topic, outbox }: { id: SubscriptionId; topic: string; outbox: Outbox },
): () => void {
  const place = JSON.stringify({ id, topic }).slice(1, -1);
  let endWait: (() => void) | null = null;

  function snapshot(itemsText: string, afterGap: boolean): void {
    if (outbox.congested) return wait();
    if (afterGap) outbox.send({ t: 'gap', id, topic });
    outbox.sendText(`{"t":"snapshot",${place},"data":{"items":${itemsText}}}`);
  }

  function wait(): void {
    endWait ??= outbox.onRoom(() => {
      endWait = null;
      const items = shared.itemsText;
      if (items !== null) snapshot(items, true);
    });
  }

  const leave = shared.subscribe({
    snapshot,
    events(eventsText) {
      if (endWait || outbox.congested) return wait();
      outbox.sendText(`{"t":"batch",${place},"events":${eventsText}}`);
    },
  });
  return () => {
    leave();
    endWait?.();
  };
}
