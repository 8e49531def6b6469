import { describe } from 'vitest';

import type { OpenStores } from './opened-stores.ts';
import { openStoresOnce } from './opened-stores.ts';
import { runStoreAside } from './run-store-aside.ts';
import { runStoreItems } from './run-store-items.ts';
import { runStoreMail } from './run-store-mail.ts';
import { runStoreSettle } from './run-store-settle.ts';
import { runStoreSubmit } from './run-store-submit.ts';
import { runStoreTasks } from './run-store-tasks.ts';
import { runStoreValues } from './run-store-values.ts';
import { runStoreVersions } from './run-store-versions.ts';
import { runStoreWaiting } from './run-store-waiting.ts';

/** What every RunStore promises (rules A5, A8 to A11, A13, B6, B7, C2). */
export function runStoreConformance(name: string, open: OpenStores): void {
  describe(`the run store ${name}`, () => {
    const stores = openStoresOnce(open);
    runStoreSubmit(stores);
    runStoreSettle(stores);
    runStoreTasks(stores);
    runStoreAside(stores);
    runStoreValues(stores);
    runStoreWaiting(stores);
    runStoreMail(stores);
    runStoreItems(stores);
    runStoreVersions(stores);
  });
}
