import { listRunSummaries, listWorkers } from '@weft/engine/runtime';

import type { AppOptions } from '../app-options.ts';
import { laneStatuses } from '../lane-statuses.ts';
import type { TopicSource } from './shared-topic.ts';

const RUNS_SHOWN = 50;

export type TopicName = 'runs' | 'lanes' | 'workers';

/** Whose runs, and of which tenants the lanes (null: of all). */
export type TopicAbout = { tenant: string; scope: string | null };

/** What there is to watch beside single runs. */
export function topicSource(options: AppOptions, topic: TopicName, { tenant, scope }: TopicAbout): TopicSource {
  if (topic === 'runs') return runSource(options, tenant);
  return topic === 'lanes' ? laneSource(options, scope) : workerSource(options);
}

/** The newest runs; and of all runs of the tenant, whether shown or not, that they have advanced or ended. */
function runSource({ queries, bus }: AppOptions, tenant: string): TopicSource {
  return {
    async load() {
      const runs = await listRunSummaries(queries, { tenant, limit: RUNS_SHOWN });
      return runs.map((run) => ({ key: run.id, value: run }));
    },
    // A run that others have pushed out of the list is not gone.
    changed: (runId, run) =>
      run && 'step' in run ? { runId, step: Number(run.step), type: 'run', data: run as never } : null,
    listen: (tell) =>
      bus.subscribe(null, (notice) => {
        if (notice.kind === 'gap') tell(null);
        if (notice.kind !== 'step' || notice.tenant !== tenant) return;
        const { runId, step, ended } = notice;
        tell({ key: runId, event: { runId, step, type: ended ? 'run_ended' : 'run_advanced', data: null } });
      }),
  };
}

function laneSource(options: AppOptions, scope: string | null): TopicSource {
  return {
    load: async () => (await laneStatuses(options, scope)).map((lane) => ({ key: lane.name, value: lane })),
    changed: (name, lane) => (lane ? { type: 'lane', data: lane as never } : { type: 'lane_gone', data: { name } }),
  };
}

function workerSource({ queries }: AppOptions): TopicSource {
  return {
    load: async () => (await listWorkers(queries)).map((worker) => ({ key: worker.id, value: worker })),
    changed: (id, worker) =>
      worker ? { type: 'worker', data: worker as never } : { type: 'worker_gone', data: { id } },
  };
}
