import type { Costs, Overview } from '@weft/contract';
import { artifactsApi, type ArtifactsApi } from './artifacts-api.ts';
import { budgetsApi, costsOf, type BudgetsApi, type CostsOptions } from './budgets-api.ts';
import { deadLettersApi, type DeadLettersApi } from './dead-letters-api.ts';
import { endpointsApi, type EndpointsApi } from './endpoints-api.ts';
import { interruptsApi, type InterruptsApi } from './interrupts-api.ts';
import { keysApi, type KeysApi } from './keys-api.ts';
import { lanesApi, limitsApi, tenantsApi, type LanesApi, type LimitsApi, type TenantsApi } from './limits-api.ts';
import { orchestratorApi, type OrchestratorApi } from './orchestrator-api.ts';
import { meshApi, type MeshApi } from './mesh-api.ts';
import { runsApi, type RunsApi } from './runs-api.ts';
import { retentionApi, type RetentionApi } from './retention-api.ts';
import { schedulesApi, type SchedulesApi } from './schedules-api.ts';
import { tasksApi, type TasksApi } from './tasks-api.ts';
import { createTransport } from './transport.ts';
import type { CallOptions, RetryOptions } from './transport.ts';
import { openWatch, type Watch, type WatchOptions } from './watch.ts';
import { workersApi, type WorkersApi } from './workers-api.ts';
import { workflowsApi, type WorkflowsApi } from './workflows-api.ts';

export type ClientOptions = {
  /** Where the server is, such as `http://127.0.0.1:4400`; a path in it is kept. */
  url: string;
  /** An API key, or the token of the server. */
  token?: string | null | undefined;
  /** Calls that the server refuses for the time being are made again, as late as it asks: 3 times within 30 s. */
  retry?: RetryOptions | undefined;
  /** The tenant to act in, for the operator; a key acts in its own. */
  tenant?: string | null | undefined;
};

/** The whole API of one server. Every call throws `ApiError` for a refusal and `ConnectionError` without an answer. */
export type WeftClient = {
  readonly workflows: WorkflowsApi;
  readonly runs: RunsApi;
  readonly interrupts: InterruptsApi;
  readonly deadLetters: DeadLettersApi;
  readonly retention: RetentionApi;
  readonly artifacts: ArtifactsApi;
  readonly keys: KeysApi;
  readonly tasks: TasksApi;
  readonly workers: WorkersApi;
  readonly lanes: LanesApi;
  readonly tenants: TenantsApi;
  readonly limits: LimitsApi;
  readonly endpoints: EndpointsApi;
  readonly budgets: BudgetsApi;
  readonly schedules: SchedulesApi;
  readonly mesh: MeshApi & OrchestratorApi;
  /** How all is at the moment. */
  overview(options?: CallOptions): Promise<Overview>;
  /** What was spent. */
  costs(options?: CostsOptions): Promise<Costs>;
  /** Opens a WebSocket for any number of subscriptions; it is made again when it breaks, and goes on where it was. */
  watch(options?: WatchOptions): Watch;
};

/** A client of one server. It holds no connection of its own; throws TypeError if `url` is none. */
export function createClient({ url, token, tenant, retry }: ClientOptions): WeftClient {
  const identity = { token: token ?? null, tenant: tenant ?? null };
  const transport = createTransport(url, identity, retry);
  return {
    workflows: workflowsApi(transport),
    runs: runsApi(transport),
    interrupts: interruptsApi(transport),
    deadLetters: deadLettersApi(transport),
    retention: retentionApi(transport),
    artifacts: artifactsApi(transport),
    keys: keysApi(transport),
    tasks: tasksApi(transport),
    workers: workersApi(transport),
    lanes: lanesApi(transport),
    tenants: tenantsApi(transport),
    limits: limitsApi(transport),
    endpoints: endpointsApi(transport),
    budgets: budgetsApi(transport),
    schedules: schedulesApi(transport),
    mesh: { ...meshApi(transport), ...orchestratorApi(transport) },
    overview: (options) => transport.json({ ...options, path: '/v1/overview' }),
    costs: (options) => costsOf(transport, options),
    watch: (options) => openWatch(url, identity, options),
  };
}
