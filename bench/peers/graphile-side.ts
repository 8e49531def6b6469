/** graphile-worker with single tasks: addJobs, a worker in another process, a database of its own in the same Postgres. */
import { fileURLToPath } from 'node:url';

import { Logger, makeWorkerUtils } from 'graphile-worker';

import { startChild } from '../mesh/child.ts';
import type { Servers } from '../mesh/servers.ts';
import { BULK, chunks, newRuns, PAYLOAD, sideOf } from '../mesh/side.ts';
import type { Side } from '../mesh/side.ts';
import { hearEndings } from './ended.ts';

const WORKER = fileURLToPath(new URL('graphile-worker.ts', import.meta.url));

export async function startGraphile(servers: Servers): Promise<Side> {
  const connectionString = await servers.database('graphile');
  const utils = await makeWorkerUtils({ connectionString, logger: new Logger(() => () => {}) });
  await utils.migrate();
  const worker = await startChild([WORKER, servers.redisUrl, connectionString], { env: {}, nodeArgs: [] });
  const { endings, close } = await hearEndings(servers.redisUrl, 'graphile');
  return sideOf({
    name: 'graphile-worker',
    shapes: ['W3'],
    pids: { worker: worker.pid },
    endings,
    async start(_, count) {
      const runs = newRuns(count);
      const jobs = runs.map((run) => ({ identifier: 'bench', payload: { run, payload: PAYLOAD } }));
      await Promise.all(chunks(jobs, BULK).map((batch) => utils.addJobs(batch)));
      return runs;
    },
    async stop() {
      await worker.stop();
      await utils.release();
      await close();
    },
  });
}
