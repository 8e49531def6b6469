/**
 * DBOS with chains and fans: workflows are called directly in another process, which is how it is fastest (its queues
 * poll), told by a message to that process; a database of its own in the same Postgres, a pool of 20.
 */
import { fileURLToPath } from 'node:url';

import { startChild } from '../mesh/child.ts';
import type { Servers } from '../mesh/servers.ts';
import { newRuns, sideOf } from '../mesh/side.ts';
import type { Side } from '../mesh/side.ts';
import { hearEndings } from './ended.ts';

const WORKER = fileURLToPath(new URL('dbos-worker.ts', import.meta.url));

export async function startDbos(servers: Servers): Promise<Side> {
  const url = await servers.database('dbos');
  const worker = await startChild([WORKER, servers.redisUrl, url], {
    env: {},
    nodeArgs: ['--no-deprecation'],
    channel: true,
  });
  const { endings, close } = await hearEndings(servers.redisUrl, 'dbos');
  return sideOf({
    name: 'DBOS',
    shapes: ['W1', 'W2'],
    pids: { worker: worker.pid },
    endings,
    async start(shape, count) {
      const runs = newRuns(count);
      worker.send({ shape, runs });
      return runs;
    },
    async stop() {
      await worker.stop();
      await close();
    },
  });
}
