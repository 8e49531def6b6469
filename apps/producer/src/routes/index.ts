import { createRunStreams } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { inlineWorkflows } from '../inline-workflows.ts';
import { branchRoutes } from './branch-runs.ts';
import { compareRoutes } from './compare-runs.ts';
import { checkpointRoutes } from './checkpoints.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { interruptRoutes } from './interrupts.ts';
import { laneRoutes } from './lanes.ts';
import { limitRoutes } from './limits.ts';
import { migrationRoutes } from './migrations.ts';
import { keyRoutes } from './keys.ts';
import { metricsRoutes } from './metrics.ts';
import { retentionRoutes } from './retention.ts';
import { runRoutes } from './runs.ts';
import { socketRoute } from './socket.ts';
import { startBatchRoute } from './start-batch.ts';
import { startRunRoutes } from './start-run.ts';
import { steerRoutes } from './steer-runs.ts';
import { taskRoutes } from './tasks.ts';
import { workerRoutes } from './workers.ts';
import { workflowRoutes } from './workflows.ts';

/** Declares every route of the API. */
export function registerRoutes(api: Api, options: AppOptions, ring: Pick<KeyRing, 'recheck'>): void {
  const inline = inlineWorkflows(options);
  const { queries, bus, live, clock } = options;
  const streams = createRunStreams({ ...queries, bus, live, clock });
  workflowRoutes(api, options);
  startRunRoutes(api, options, inline);
  startBatchRoute(api, options, inline);
  runRoutes(api, options);
  checkpointRoutes(api, options);
  compareRoutes(api, options);
  branchRoutes(api, options);
  steerRoutes(api, options);
  migrationRoutes(api, options);
  interruptRoutes(api, options);
  deadLetterRoutes(api, options);
  retentionRoutes(api, options);
  eventRoutes(api, options, streams);
  socketRoute(api, options, streams);
  taskRoutes(api, options, inline);
  workerRoutes(api, options);
  laneRoutes(api, options);
  limitRoutes(api, options);
  healthRoutes(api, options);
  metricsRoutes(api, options);
  keyRoutes(api, options, ring);
}
