/**
 * Weft beside its peers: W1, W2 and W3 on the full path (HTTP, a producer, a worker process, Redis with its log synced every
 * second, Postgres 18 with fsync, a WebSocket that watches all runs) in turn with BullMQ, Restate, DBOS, pg-boss and
 * graphile-worker doing the same shapes on the same servers, and with SQL alone as the ceiling. `Weft superstep` is Weft with the
 * same documents in that mode; beside `LangGraph` it does what that does.
 *
 *     node bench/compare.bench.ts [--pairs 7] [--seconds 10] [--scale 1] [--shapes W1,W2,W3] [--sides Weft,BullMQ,...]
 *                                 [--slots N] [--peer-slots 100] [--profile FOLDER] [--write]
 *
 * A side repeats the shape until the seconds have passed. Machines differ and are noisy: only ratios of one pair travel.
 * `--write` keeps the tables in bench/results; `--profile` leaves CPU profiles of producer and worker in the folder.
 */
import { parseArgs } from 'node:util';

import { measure } from './mesh/measure.ts';
import type { Bench, Measured } from './mesh/measure.ts';
import { report } from './mesh/report.ts';
import type { Pair } from './mesh/report.ts';
import { publish } from './mesh/results.ts';
import { rewriteRedisLog, startServers } from './mesh/servers.ts';
import type { Shape, Side } from './mesh/side.ts';
import { startSqlAlone } from './mesh/sql-alone.ts';
import { superstepSide, weftSide } from './mesh/weft-side.ts';
import { startWeft } from './mesh/weft.ts';
import type { Weft } from './mesh/weft.ts';
import { startBullmq } from './peers/bullmq-side.ts';
import { installPeers } from './peers/install.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '10' },
    scale: { type: 'string', default: '1' },
    shapes: { type: 'string', default: 'W1,W2,W3' },
    sides: {
      type: 'string',
      default: 'Weft,Weft superstep,BullMQ,Restate,DBOS,LangGraph,pg-boss,graphile-worker,SQL alone',
    },
    slots: { type: 'string' },
    'peer-slots': { type: 'string', default: '100' },
    profile: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const shapes = values.shapes.split(',') as Shape[];
const nodeArgs = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
const slots = values.slots === undefined ? null : Number(values.slots);

const servers = await startServers();
/** Both modes run on the same processes, since workers of two would take each other's tasks. */
let weft: Promise<Weft> | undefined;
const sharedWeft = (): Promise<Weft> => (weft ??= startWeft(servers, { slots, nodeArgs }));
/** Peers whose packages are not installed with Weft are loaded only when they are asked for. */
const START: Record<string, () => Promise<Side>> = {
  Weft: async () => weftSide(await sharedWeft()),
  'Weft superstep': async () => superstepSide(await sharedWeft()),
  BullMQ: () => startBullmq(servers, Number(values['peer-slots'])),
  Restate: async () => (await import('./peers/restate-side.ts')).startRestate(),
  LangGraph: async () => (await import('./peers/langgraph-side.ts')).startLangGraph(servers),
  DBOS: async () => (await import('./peers/dbos-side.ts')).startDbos(servers),
  'pg-boss': async () => (await import('./peers/pg-boss-side.ts')).startPgBoss(servers),
  'graphile-worker': async () => (await import('./peers/graphile-side.ts')).startGraphile(servers),
  'SQL alone': () => startSqlAlone(servers),
};
const WITHOUT_INSTALL = new Set(['Weft', 'Weft superstep', 'BullMQ', 'SQL alone']);
const sides: Side[] = [];

async function start(name: string): Promise<void> {
  const startSide = START[name];
  if (startSide === undefined) throw new Error(`there is no side ${name}: ${Object.keys(START).join(', ')}`);
  const side = await startSide();
  sides.push(side);
  side.setAsleep?.(true);
}

async function measureAwake(bench: Bench, side: Side, shape: Shape): Promise<Measured> {
  side.setAsleep?.(false);
  try {
    return await measure(bench, side, shape);
  } finally {
    side.setAsleep?.(true);
  }
}

/** Whoever comes first may find the machine in another state, so the sides take turns with it. */
async function measurePair(bench: Bench, shape: Shape, n: number): Promise<Pair> {
  const able = sides.filter((side) => side.shapes.includes(shape));
  const turned = able.map((_, at) => able[(at + n) % able.length] as Side);
  const measured = new Map<string, Measured>();
  for (const side of turned) measured.set(side.name, await measureAwake(bench, side, shape));
  const figures = able.map(({ name }) => `${name} ${Math.round(measured.get(name)?.rate ?? Number.NaN)}`);
  console.log(`pair ${n + 1}, ${shape}, nodes/s: ${figures.join(', ')}`);
  return new Map(able.map(({ name }) => [name, measured.get(name) as Measured]));
}

const NOTES =
  'Weft: producer, worker and a process that watches all runs over the WebSocket; each node a commit in Postgres 18 with fsync. BullMQ: FlowProducer, Redis with its log synced every second, nothing else. Restate: server with 4 partitions, its own log. DBOS: workflows called directly, a pool of 20. LangGraph: graphs invoked directly, its Postgres checkpointer with a pool of 20 and default durability (a step is written while the next one runs); it calls nodes in the process that keeps the checkpoints. pg-boss and graphile-worker: bulk insert, no graph and no output kept. SQL alone: one statement for a settled node on the same Postgres (batches of 200 on two connections in W2 and W3), nothing else. All return about 100 bytes from a worker process; the driver hears of ends by pub/sub, from Restate by the answer. CPU is that of all processes of a side, the driver and the servers included.';

try {
  const names = values.sides.split(',');
  if (names.some((name) => !WITHOUT_INSTALL.has(name))) installPeers();
  for (const name of names) await start(name);
  const bench: Bench = { servers, seconds: Number(values.seconds), scale: Number(values.scale) };
  const pairs: Record<Shape, Pair[]> = { W1: [], W2: [], W3: [] };
  for (const shape of shapes) {
    for (const side of sides.filter((one) => one.shapes.includes(shape))) {
      await measureAwake({ ...bench, seconds: Math.min(2, bench.seconds) }, side, shape);
    }
  }
  for (let n = 0; n < Number(values.pairs); n++) {
    await rewriteRedisLog(servers);
    for (const shape of shapes) pairs[shape].push(await measurePair(bench, shape, n));
  }
  await publish({
    title: 'Weft beside its peers',
    notes: `${values.pairs} interleaved pairs, each measurement at least ${values.seconds} s. ${NOTES}`,
    body: shapes.flatMap((shape) => report(shape, pairs[shape])),
  });
} finally {
  for (const side of sides) await side.stop();
  await (await weft)?.stop();
  await servers.stop();
}
