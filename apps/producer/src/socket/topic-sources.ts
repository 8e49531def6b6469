import { listRunSummaries, listWorkers } from '@weft/engine/runtime';

import type { AppOptions } from '../app-options.ts';
import { laneStatuses } from '../lane-statuses.ts';
import { TENANT } from '../tenant.ts';
import type { TopicSource } from './shared-topic.ts';

const RUNS_SHOWN = 50;

/** What there is to watch beside single runs. */
export function topicSources(options: AppOptions): Record<'runs' | 'lanes' | 'workers', TopicSource> {
  return { runs: runSource(options), lanes: laneSource(options), workers: workerSource(options) };
}

/** The newest runs; and of all runs, whether shown or not, that they have advanced or ended. */
function runSource({ queries, bus }: AppOptions): TopicSource {
  return {
    async load() {
      const runs = await listRunSummaries(queries, { tenant: TENANT, limit: RUNS_SHOWN });
      return runs.map((run) => ({ key: run.id, value: run }));
    },
    // A run that others have pushed out of the list is not gone.
    changed: (runId, run) =>
      run && 'step' in run ? { runId, step: Number(run.step), type: 'run', data: run as never } : null,
    listen: (tell) =>
      bus.subscribe(null, (notice) => {
        if (notice.kind === 'gap') tell(null);
        if (notice.kind !== 'step') return;
        const { runId, step, ended } = notice;
        tell({ key: runId, event: { runId, step, type: ended ? 'run_ended' : 'run_advanced', data: null } });
      }),
  };
}

function laneSource(options: AppOptions): TopicSource {
  return {
    load: async () => (await laneStatuses(options)).map((lane) => ({ key: lane.name, value: lane })),
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
