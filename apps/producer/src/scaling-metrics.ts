/** The scaling decision for Prometheus, and so for autoscalers outside. */
import type { Scaling } from '@weft/contract';

import type { Metric } from './metrics-text.ts';

const SIGN = { scale_up: 1, hold: 0, scale_down: -1 } as const;
const MS_PER_S = 1000;

export function scalingMetrics(scaling: Scaling): Metric[] {
  const gauges: [string, string, Metric['samples']][] = [
    ['weft_scaling_demand', 'D: 1 is as much work as the workers can take', [{ value: scaling.demandScore }]],
    ['weft_scaling_queue_depth', 'Tasks that wait for a worker', [{ value: scaling.queueDepth }]],
    ['weft_scaling_held_back', 'Tasks that no further worker would help', [{ value: scaling.heldBack }]],
    ['weft_scaling_latency_seconds', 'From ready to ended, smoothed', [{ value: scaling.avgLatencyMs / MS_PER_S }]],
    ['weft_scaling_health', 'Share of the workers in good order', [{ value: scaling.healthScore }]],
    ['weft_scaling_action', '1: more workers, -1: fewer, 0: as many', [{ value: SIGN[scaling.action] }]],
    ['weft_scaling_workers_wanted', 'How many workers there should be', [{ value: scaling.workersWanted }]],
    [
      'weft_scaling_workers',
      'Workers that shall take work',
      [
        { labels: { state: 'active' }, value: scaling.activeNodes },
        { labels: { state: 'all' }, value: scaling.totalNodes },
      ],
    ],
  ];
  return gauges.map(([name, help, samples]) => ({ name, help, type: 'gauge', samples }));
}
