/** pg-boss with single tasks: its bulk insert, a worker in another process, a database of its own in the same Postgres. */
import { fileURLToPath } from 'node:url';

import { PgBoss } from 'pg-boss';

import { startChild } from '../mesh/child.ts';
import type { Servers } from '../mesh/servers.ts';
import { BULK, chunks, newRuns, PAYLOAD, sideOf } from '../mesh/side.ts';
import type { Side } from '../mesh/side.ts';
import { hearEndings } from './ended.ts';

const WORKER = fileURLToPath(new URL('pg-boss-worker.ts', import.meta.url));

export async function startPgBoss(servers: Servers): Promise<Side> {
  const connectionString = await servers.database('pgboss');
  const boss = new PgBoss({ connectionString, max: 10, supervise: false, schedule: false });
  boss.on('error', console.error);
  await boss.start();
  await boss.createQueue('bench');
  const worker = await startChild([WORKER, servers.redisUrl, connectionString], {
    env: {},
    nodeArgs: [],
    channel: true,
  });
  const { endings, close } = await hearEndings(servers.redisUrl, 'pg-boss');
  return sideOf({
    name: 'pg-boss',
    shapes: ['W3'],
    pids: { worker: worker.pid },
    setAsleep: (asleep) => worker.send({ asleep }),
    endings,
    async start(_, count) {
      const runs = newRuns(count);
      const jobs = runs.map((run) => ({ data: { run, payload: PAYLOAD } }));
      await Promise.all(chunks(jobs, BULK).map((batch) => boss.insert('bench', batch)));
      return runs;
    },
    async stop() {
      await worker.stop();
      await boss.stop({ graceful: false });
      await close();
    },
  });
}
