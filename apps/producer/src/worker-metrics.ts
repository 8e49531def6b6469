/** How each live worker is, for Prometheus. */
import { ZONES } from '@weft/engine/domain';
import type { WorkerHealth, WorkerRecord } from '@weft/engine/ports';

import type { Metric } from './metrics-text.ts';

const MS_PER_S = 1000;

export function workerMetrics(live: readonly WorkerRecord[]): Metric[] {
  const known = live.flatMap(({ id, name, health }) => (health ? [{ labels: { worker: id, name }, health }] : []));
  const each = (value: (health: WorkerHealth) => number): Metric['samples'] =>
    known.map(({ labels, health }) => ({ labels, value: value(health) }));
  const gauges: [string, string, Metric['samples']][] = [
    ['weft_worker_memory_bytes', 'Memory of a worker and of what its tasks have started', each((h) => h.memoryBytes)],
    ['weft_worker_memory_limit_bytes', 'What a worker may use of memory', each((h) => h.limitBytes)],
    ['weft_worker_health_score', '1 - memory/limit of a worker', each((h) => h.healthScore)],
    [
      'weft_worker_event_loop_lag_seconds',
      'How late the event loop of a worker is, p99',
      each((h) => h.lagMs / MS_PER_S),
    ],
    ['weft_worker_slots_effective', 'Tasks that a worker would run at once now', each((h) => h.slotsEffective)],
    ['weft_workers_by_zone', 'Live workers by how near to their limits they are', byZone(known)],
  ];
  return gauges.map(([name, help, samples]) => ({ name, help, type: 'gauge', samples }));
}

function byZone(known: readonly { health: WorkerHealth }[]): Metric['samples'] {
  return ZONES.map((zone) => ({
    labels: { zone },
    value: known.filter(({ health }) => health.zone === zone).length,
  }));
}
