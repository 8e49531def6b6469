import { workflowStoreConformance } from '@weft/testkit/conformance/workflow-store';

import { openPostgresStores } from './open-stores.ts';

workflowStoreConformance('Postgres', openPostgresStores);
