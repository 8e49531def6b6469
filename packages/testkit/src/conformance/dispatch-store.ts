import { describe } from 'vitest';

import { dispatchDue } from './dispatch-store-due.ts';
import { dispatchInputs } from './dispatch-store-inputs.ts';
import { dispatchOffers } from './dispatch-store-offers.ts';
import { dispatchRunning } from './dispatch-store-running.ts';
import type { OpenStores } from './opened-stores.ts';
import { openStoresOnce } from './opened-stores.ts';

/** What every DispatchStore promises (rules A1, A2, A6, A7, A9, A12). */
export function dispatchStoreConformance(name: string, open: OpenStores): void {
  describe(`the dispatch store ${name}`, () => {
    const stores = openStoresOnce(open);
    dispatchOffers(stores);
    dispatchRunning(stores);
    dispatchInputs(stores);
    dispatchDue(stores);
  });
}
