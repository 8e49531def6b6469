/**
 * LangGraph with chains and fans: compiled graphs that another process invokes, told by a message to it; its Postgres
 * checkpointer with a database of its own in the same server, a pool of 20, and its default durability.
 */
import { fileURLToPath } from 'node:url';

import { startChild } from '../mesh/child.ts';
import type { Servers } from '../mesh/servers.ts';
import { newRuns, sideOf } from '../mesh/side.ts';
import type { Side } from '../mesh/side.ts';
import { hearEndings } from './ended.ts';

const WORKER = fileURLToPath(new URL('langgraph-worker.ts', import.meta.url));

export async function startLangGraph(servers: Servers): Promise<Side> {
  const url = await servers.database('langgraph');
  const worker = await startChild([WORKER, servers.redisUrl, url], { env: {}, nodeArgs: [], channel: true });
  const { endings, close } = await hearEndings(servers.redisUrl, 'langgraph');
  return sideOf({
    name: 'LangGraph',
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
