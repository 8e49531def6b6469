/**
 * The process of the LangGraph side: invokes graphs as it is told, each node one that returns about 100 bytes, which the
 * state keeps. Checkpoints go to Postgres as LangGraph does it unless told otherwise: written while the next step runs.
 *
 *     node langgraph-worker.ts REDIS_URL DATABASE_URL
 */
import { Annotation, START, StateGraph } from '@langchain/langgraph';
import type { Compiled } from '@langchain/langgraph';
import { PostgresSaver } from '@langchain/langgraph-checkpoint-postgres';
import { Pool } from 'pg';

import { CHAIN, FAN, PAYLOAD } from '../mesh/side.ts';
import type { Shape } from '../mesh/side.ts';
import { tellEndings } from './ended.ts';

const [redisUrl = '', connectionString = ''] = process.argv.slice(2);
const pool = new Pool({ connectionString, max: 20 });
const checkpointer = new PostgresSaver(pool);
await checkpointer.setup();

const State = Annotation.Root({
  out: Annotation({ reducer: (old: string[], added: string[]) => old.concat(added), default: () => [] }),
});
const work = (): object => ({ out: [PAYLOAD] });

function chain(): Compiled {
  const graph = new StateGraph(State);
  for (let n = 0; n < CHAIN; n++) graph.addNode(`n${n}`, work).addEdge(n === 0 ? START : `n${n - 1}`, `n${n}`);
  return graph.compile({ checkpointer });
}

function fan(): Compiled {
  const names = Array.from({ length: FAN }, (_, n) => `w${n}`);
  const graph = new StateGraph(State).addNode('first', work).addEdge(START, 'first').addNode('last', work);
  for (const name of names) graph.addNode(name, work).addEdge('first', name);
  return graph.addEdge(names, 'last').compile({ checkpointer });
}

const graphs = { W1: chain(), W2: fan() };
const tell = await tellEndings(redisUrl, 'langgraph');

process.on('message', ({ shape, runs }: { shape: Exclude<Shape, 'W3'>; runs: string[] }) => {
  for (const run of runs) {
    graphs[shape].invoke({ out: [] }, { configurable: { thread_id: run } }).then(
      () => tell(run),
      (error: unknown) => console.error(error),
    );
  }
});
process.on('SIGTERM', () => void pool.end().finally(() => process.exit(0)));
console.log('ready');
