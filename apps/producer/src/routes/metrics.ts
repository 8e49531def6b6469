import type { LaneStatus } from '@weft/contract';
import { viewScaling } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { laneStatuses } from '../lane-statuses.ts';
import { metricsText } from '../metrics-text.ts';
import type { Metric } from '../metrics-text.ts';
import { scalingMetrics } from '../scaling-metrics.ts';
import { workerMetrics } from '../worker-metrics.ts';
import { problems } from '../schemas/answers.ts';

/** Counting everything is not free, and several scrapers may ask at once. */
const KEPT_MS = 1000;

/** Figures for Prometheus. */
export function metricsRoutes(api: Api, options: AppOptions): void {
  let kept: { until: number; text: Promise<string> } | null = null;
  api.route({
    method: 'GET',
    url: '/metrics',
    config: { isOpen: 'untilKeys', needs: 'operator' },
    schema: {
      summary: 'Figures in the text format of Prometheus',
      description: 'Of all tenants together: once there are API keys they are told to the operator only.',
      tags: ['operation'],
      response: {
        200: { description: 'Metrics', content: { 'text/plain': { schema: z.string() } } },
        ...problems,
      },
    },
    handler: async (_request, reply) => {
      const now = options.clock.monotonicMs();
      if (!kept || kept.until <= now) kept = { until: now + KEPT_MS, text: collect(options).then(metricsText) };
      kept.text.catch(() => (kept = null));
      return reply.type('text/plain; version=0.0.4; charset=utf-8').send(await kept.text);
    },
  });
}

async function collect(options: AppOptions): Promise<Metric[]> {
  const { runs, tasks } = await options.queries.reader.counts();
  return [
    gauge('weft_runs', 'Runs that have not ended, by status', byLabel('status', runs)),
    gauge('weft_tasks', 'Tasks that are not settled, by status', byLabel('status', tasks)),
    ...(await fleetMetrics(options)),
    ...scalingMetrics(await viewScaling(options.queries)),
    ...(options.metrics?.() ?? []),
    ...processMetrics(options),
  ];
}

async function fleetMetrics(options: AppOptions): Promise<Metric[]> {
  const lanes = await laneStatuses(options, null);
  const workers = (await options.queries.fleet.list()).filter(({ endedAt }) => endedAt === null);
  const byLane = (value: (lane: LaneStatus) => number): Metric['samples'] =>
    lanes.map((lane) => ({ labels: { lane: lane.name }, value: value(lane) }));
  return [
    gauge(
      'weft_lane_depth',
      'Tasks that wait on a lane',
      byLane(({ depth }) => depth),
    ),
    gauge(
      'weft_lane_backlogged',
      'Whether tasks wait in the store because the window of the lane is full',
      byLane(({ backlogged }) => (backlogged ? 1 : 0)),
    ),
    gauge('weft_workers', 'Live workers', [{ value: workers.length }]),
    ...workerMetrics(workers),
    gauge('weft_worker_slots', 'Slots of live workers', [
      { labels: { state: 'busy' }, value: sum(workers.map(({ running }) => running)) },
      { labels: { state: 'all' }, value: sum(workers.map(({ slots }) => slots)) },
    ]),
  ];
}

function processMetrics({ version }: AppOptions): Metric[] {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return [
    gauge('weft_build_info', 'The release', [{ labels: { version }, value: 1 }]),
    gauge('process_resident_memory_bytes', 'Resident memory', [{ value: rss }]),
    gauge('nodejs_heap_size_used_bytes', 'Used heap', [{ value: heapUsed }]),
    {
      name: 'process_cpu_seconds_total',
      help: 'CPU time, user and system',
      type: 'counter',
      samples: [{ value: (user + system) / 1e6 }],
    },
    gauge('process_uptime_seconds', 'Time since the process was started', [{ value: process.uptime() }]),
  ];
}

function gauge(name: string, help: string, samples: Metric['samples']): Metric {
  return { name, help, type: 'gauge', samples };
}

function byLabel(label: string, values: Record<string, number>): Metric['samples'] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}

function sum(values: number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
