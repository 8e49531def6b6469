import { fleetStoreConformance } from '@weft/testkit/conformance/fleet-store';

import { openPostgresStores } from './open-stores.ts';

fleetStoreConformance('Postgres', openPostgresStores);
