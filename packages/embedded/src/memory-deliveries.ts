/** Deliveries to callbacks in a fleet of one process. */
import { warnOfListenerError } from '@weft/engine/ports';
import type { DeliveryQueue, OnListenerError } from '@weft/engine/ports';

/** They wait for receivers most of the time. */
const CONCURRENCY = 100;

/** What is added while nobody works is for whoever comes. `onListenerError`: a process warning by default. */
export function createMemoryDeliveries(onListenerError: OnListenerError = warnOfListenerError): DeliveryQueue {
  const waiting: string[] = [];
  let underWay = 0;
  let work: ((id: string) => Promise<void>) | null = null;

  function fill(): void {
    while (work !== null && underWay < CONCURRENCY) {
      const id = waiting.shift();
      if (id === undefined) return;
      underWay += 1;
      work(id)
        .catch(onListenerError)
        .finally(() => {
          underWay -= 1;
          fill();
        });
    }
  }

  return {
    async add(ids) {
      waiting.push(...ids);
      fill();
    },
    onDelivery(wanted) {
      work = wanted;
      fill();
      return () => {
        if (work === wanted) work = null;
      };
    },
  };
}
