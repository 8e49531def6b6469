/**
 * The mesh beside a bare queue: W1, W2 and W3 on the full path (HTTP, a producer, a worker process, Redis with its log
 * synced every second, Postgres 18 with fsync) in turn with BullMQ doing the same shapes on the same Redis.
 *
 *     node bench/mesh.bench.ts [--pairs 5] [--scale 1] [--slots N] [--peer-slots 100] [--shapes W1,W2,W3]
 *                              [--no-peer] [--profile FOLDER] [--write]
 *
 * An end counts when the driver hears of it by pub/sub, on both sides. `--write` keeps the table in bench/results.
 * `--profile` leaves CPU profiles of producer and worker in the folder. Machines differ and are noisy: only ratios of one
 * pair travel.
 */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';

import { measure, measureCommits } from './mesh/measure.ts';
import type { Bench, Measured, Shape } from './mesh/measure.ts';
import { report } from './mesh/report.ts';
import type { Pair } from './mesh/report.ts';
import { startServers } from './mesh/servers.ts';
import type { Side } from './mesh/side.ts';
import { startWeft } from './mesh/weft-side.ts';
import { startBullmq } from './peers/bullmq-side.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '5' },
    scale: { type: 'string', default: '1' },
    slots: { type: 'string' },
    'peer-slots': { type: 'string', default: '100' },
    shapes: { type: 'string', default: 'W1,W2,W3' },
    'no-peer': { type: 'boolean', default: false },
    profile: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const shapes = values.shapes.split(',') as Shape[];
const NONE: Measured = { rate: Number.NaN, cpu: Number.NaN, runsMs: [] };

async function measureAll(bench: Bench, side: Side): Promise<Record<Shape, Measured>> {
  const measured: Record<Shape, Measured> = { W1: NONE, W2: NONE, W3: NONE };
  for (const shape of shapes) measured[shape] = await measure(bench, side, shape);
  return measured;
}

/** Whoever comes first may find the machine in another state, so the sides take turns with it. */
async function measurePair(bench: Bench, sides: { weft: Side; peer: Side | null }, n: number): Promise<Pair> {
  const commits = await measureCommits(bench);
  const ofPeer = async () => (sides.peer ? measureAll(bench, sides.peer) : { W1: NONE, W2: NONE, W3: NONE });
  if (n % 2 === 1) {
    const peer = await ofPeer();
    return { commits, peer, weft: await measureAll(bench, sides.weft) };
  }
  const weft = await measureAll(bench, sides.weft);
  return { commits, weft, peer: await ofPeer() };
}

function headline({ weft, peer }: Pair, n: number): string {
  const figures = shapes.map((shape) => `${shape} ${Math.round(weft[shape].rate)} / ${Math.round(peer[shape].rate)}`);
  return `pair ${n + 1}: ${figures.join(', ')}`;
}

const servers = await startServers();
const profile = values.profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${values.profile}`];
const slots = values.slots === undefined ? null : Number(values.slots);
const weft = await startWeft(servers, { slots, nodeArgs: profile });
const peer = values['no-peer']
  ? null
  : await startBullmq(servers, { concurrency: Number(values['peer-slots']), nodeArgs: [] });
const { redis, postgres } = servers.pids;
const pids = [process.pid, redis, postgres, ...weft.pids, ...(peer?.pids ?? [])];
const bench: Bench = { servers, scale: Number(values.scale), pids };
try {
  for (const side of [weft, peer]) if (side) await measureAll({ ...bench, scale: 0.2 }, side);
  const pairs: Pair[] = [];
  for (let n = 0; n < Number(values.pairs); n++) {
    const pair = await measurePair(bench, { weft, peer }, n);
    pairs.push(pair);
    console.log(headline(pair, n));
  }
  const flags = process.argv.slice(2).filter((flag) => flag !== '--write');
  const table = report(pairs, {
    command: ['node bench/mesh.bench.ts', ...flags].join(' '),
    date: new Date().toISOString().slice(0, 10),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim(),
    machine: `${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}`,
    peer: peer?.name ?? 'no peer',
    notes:
      'Weft: producer and worker process, each node a commit in Postgres 18 with fsync. BullMQ: FlowProducer, worker process, Redis with its log synced every second, nothing else. Both return payloads of about 100 bytes, share one Redis, and the driver hears of ends by pub/sub.',
  });
  console.log(`\n${table}`);
  if (values.write) await writeFile(new URL('results/mesh.md', import.meta.url), table);
} finally {
  await weft.stop();
  await peer?.stop();
  await servers.stop();
}
