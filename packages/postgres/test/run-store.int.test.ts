import { runStoreConformance } from '@weft/testkit/conformance/run-store';

import { openPostgresStores } from './open-stores.ts';

runStoreConformance('Postgres', openPostgresStores);
