import { keyStoreConformance } from '@weft/testkit/conformance/key-store';

import { openPostgresStores } from './open-stores.ts';

keyStoreConformance('on Postgres', openPostgresStores);
