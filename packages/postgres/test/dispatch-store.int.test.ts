import { dispatchStoreConformance } from '@weft/testkit/conformance/dispatch-store';

import { openPostgresStores } from './open-stores.ts';

dispatchStoreConformance('Postgres', openPostgresStores);
