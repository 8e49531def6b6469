import { createRunStreams } from '@weft/engine/runtime';
import type { StartRequest } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { registerBackpressure } from '../pressure/backpressure.ts';
import type { Backpressure } from '../pressure/backpressure.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { inlineWorkflows } from '../inline-workflows.ts';
import { StreamHub } from '../stream/stream-hub.ts';
import { artifactRoutes } from './artifacts.ts';
import { budgetRoutes } from './budgets.ts';
import { callbackRoutes } from './callbacks.ts';
import { deliveryRoutes } from './deliveries.ts';
import { branchRoutes } from './branch-runs.ts';
import { compareRoutes } from './compare-runs.ts';
import { checkpointRoutes } from './checkpoints.ts';
import { directWorkerRoutes } from './direct-workers.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { endpointRoutes } from './endpoints.ts';
import { eventRoutes } from './events.ts';
import { healthRoutes } from './health.ts';
import { interruptRoutes } from './interrupts.ts';
import { laneRoutes } from './lanes.ts';
import { limitRoutes } from './limits.ts';
import { meshDispatchRoutes } from './mesh-dispatch.ts';
import { meshScalingRoutes } from './mesh-scaling.ts';
import { meshStatusRoutes } from './mesh-status.ts';
import { migrationRoutes } from './migrations.ts';
import { keyRoutes } from './keys.ts';
import { meshRoutes } from './mesh.ts';
import { metricsRoutes } from './metrics.ts';
import { overviewRoutes } from './overview.ts';
import { pushRoutes } from './push.ts';
import { retentionRoutes } from './retention.ts';
import { runRoutes } from './runs.ts';
import { scheduleRoutes } from './schedules.ts';
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
  const backpressure = registerBackpressure(api, options);
  runSchedules(api, options, backpressure);
  const { queries, bus, live, clock, log } = options;
  const hub = new StreamHub(log);
  api.addHook('preClose', () => hub.close());
  const streams = createRunStreams({ ...queries, bus, live, clock });
  workflowRoutes(api, options);
  startRunRoutes(api, options, { inline, backpressure });
  startBatchRoute(api, options, { inline, backpressure });
  runRoutes(api, options);
  overviewRoutes(api, options);
  checkpointRoutes(api, options);
  compareRoutes(api, options);
  branchRoutes(api, options, backpressure);
  steerRoutes(api, options);
  migrationRoutes(api, options);
  interruptRoutes(api, options);
  deadLetterRoutes(api, options);
  retentionRoutes(api, options);
  artifactRoutes(api, options);
  eventRoutes(api, options, { streams, hub });
  pushRoutes(api, options);
  meshRoutes(api, options, { streams, hub, backpressure });
  socketRoute(api, options, streams);
  taskRoutes(api, options, { inline, backpressure });
  workerRoutes(api, options);
  laneRoutes(api, options);
  limitRoutes(api, options);
  endpointRoutes(api, options);
  budgetRoutes(api, options);
  callbackRoutes(api, options);
  deliveryRoutes(api, options);
  meshDispatchRoutes(api, options, { inline, backpressure });
  meshStatusRoutes(api, options);
  meshScalingRoutes(api, options);
  directWorkerRoutes(api, options);
  healthRoutes(api, options);
  metricsRoutes(api, options);
  scheduleRoutes(api, options);
  keyRoutes(api, options, ring);
}

/** Runs by the clock are new work like any other: what would be refused waits. */
function runSchedules(api: Api, { scheduler }: AppOptions, backpressure: Backpressure): void {
  if (!scheduler) return;
  const admit = (request: StartRequest) => backpressure.refuseFull(request);
  api.addHook('onReady', async () => scheduler.start({ admit, isBusy: () => backpressure.isBusy }));
  api.addHook('preClose', () => scheduler.stop());
}
