import { runReaderConformance } from '@weft/testkit/conformance/run-reader';

import { openPostgresStores } from './open-stores.ts';

runReaderConformance('Postgres', openPostgresStores);
