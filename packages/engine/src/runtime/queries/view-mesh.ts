/** How the endpoints of a tenant are, and how its work goes. */
import type { CircuitState, Emergency, MeshMetrics } from '@weft/contract';

import { endpointStatus } from '../../domain/endpoints/endpoint-status.ts';
import { healthBand, healthScore } from '../../domain/scaling/demand.ts';
import { meteredEndpoint } from '../endpoints/metered-endpoint.ts';
import { readWork } from '../scaling/read-work.ts';
import { toInstant, toInstantOrNull } from './instant.ts';
import type { QueryDeps } from './query-deps.ts';
import { UNUSED } from './view-endpoints.ts';

type CircuitDeps = Pick<QueryDeps, 'endpointBook' | 'meter'>;
type MetricsDeps = CircuitDeps & Pick<QueryDeps, 'queue' | 'broker' | 'fleet'>;

/** By name. Throws what the meter throws: a circuit that is not known is not told. */
export async function viewCircuits({ endpointBook, meter }: CircuitDeps, tenant: string): Promise<CircuitState[]> {
  await endpointBook.refresh();
  const records = endpointBook.of(tenant);
  const loads = meter && records.length > 0 ? await meter.look(records.map(meteredEndpoint)) : [];
  return records.map((record, index) => {
    const load = loads[index] ?? UNUSED;
    return {
      endpoint: record.name,
      circuit: load.circuit,
      status: endpointStatus({ ...record, circuit: load.circuit }),
      retryAt: load.circuit === 'closed' || load.freeAt === null ? null : toInstant(load.freeAt),
      running: load.running,
      latencyMs: load.latencyMs,
      succeeded: twoPlaces(load.succeeded),
      failed: twoPlaces(load.failed),
      problem: record.problem ?? null,
    };
  });
}

export async function viewMeshMetrics(deps: MetricsDeps, tenant: string): Promise<MeshMetrics> {
  const [circuits, work] = await Promise.all([viewCircuits(deps, tenant), readWork(deps, { tenant, lanes: null })]);
  const count = (status: CircuitState['status']) => circuits.filter((one) => one.status === status).length;
  const nodes = { active: count('active'), errors: count('dead') + count('open'), total: circuits.length };
  const score = healthScore(nodes);
  return {
    nodesActive: nodes.active,
    nodesTotal: nodes.total,
    circuitBreakersOpen: circuits.filter(({ circuit }) => circuit === 'open').length,
    healthScore: score,
    health: healthBand(score),
    ...work,
    emergency: deps.endpointBook.emergencyOf(tenant) !== null,
  };
}

/** Whether everything of the tenant goes to the cheapest endpoint. */
export async function viewEmergency(
  { endpointBook }: Pick<QueryDeps, 'endpointBook'>,
  tenant: string,
): Promise<Emergency> {
  await endpointBook.refresh();
  const found = endpointBook.emergencyOf(tenant);
  return {
    active: found !== null,
    everywhere: found !== null && found.tenant !== tenant,
    since: toInstantOrNull(found?.since ?? null),
    reason: found?.reason ?? null,
  };
}

function twoPlaces(count: number): number {
  return Math.round(count * 100) / 100;
}
