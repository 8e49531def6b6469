/**
 * The ceiling: the least that SQL must do for a settled node, on the same Postgres. One statement inserts the outputs and
 * moves the runs on; W1 node by node on one connection, W2 and W3 in batches of 200 on two. One more statement starts all
 * runs of a batch. Nothing else is done: no queue, no events, no journal, no fence.
 */
import { randomUUID } from 'node:crypto';

import { Client } from 'pg';

import type { Servers } from './servers.ts';
import { CHAIN, chunks, FAN, NODES, PAYLOAD } from './side.ts';
import type { Shape, Side } from './side.ts';

const SCHEMA = `
  create table run (id uuid primary key, open int not null, finished_at timestamptz);
  create table output (run_id uuid, node int, value jsonb not null, primary key (run_id, node));`;
const START = `insert into run (id, open) select unnest($1::uuid[]), $2`;
const SETTLE = `
  with settled as (
    insert into output (run_id, node, value) select * from unnest($1::uuid[], $2::int[], $3::jsonb[]) returning run_id
  ), counted as (
    select run_id, count(*)::int as settled from settled group by run_id
  )
  update run set open = open - settled, finished_at = case when open = settled then now() end
  from counted where id = run_id`;

/** The tables grow from nothing, so the planner would go through a whole table for one row until it is told how large it is. */
const PLAN = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off';
const BATCH = 200;
const OUTPUT = JSON.stringify({ payload: PAYLOAD });

type Node = { run: string; node: number };

export async function startSqlAlone(servers: Servers): Promise<Side> {
  const config = { connectionString: await servers.database('ceiling'), options: PLAN };
  const clients = [new Client(config), new Client(config)] as const;
  for (const client of clients) await client.connect();
  await clients[0].query(SCHEMA);
  return {
    name: 'SQL alone',
    shapes: ['W1', 'W2', 'W3'],
    pids: {},
    run: (shape, runs) => (shape === 'W1' ? chains(clients[0], runs) : atOnce(clients, shape, runs)),
    async stop() {
      for (const client of clients) await client.end();
    },
  };
}

async function chains(client: Client, runs: number): Promise<number[]> {
  const took: number[] = [];
  for (const run of await start(client, runs, CHAIN)) {
    const startedAt = performance.now();
    for (let node = 0; node < CHAIN; node++) await settle(client, [{ run, node }]);
    took.push(performance.now() - startedAt);
  }
  return took;
}

/** A fan's first and last nodes cannot share a batch with what is between them. */
async function atOnce(clients: readonly Client[], shape: Shape, runs: number): Promise<number[]> {
  const ids = await start(clients[0] as Client, runs, NODES[shape]);
  const layers = shape === 'W2' ? [1, FAN, 1] : [1];
  let first = 0;
  for (const width of layers) {
    const nodes = ids.flatMap((run) => Array.from({ length: width }, (_, n) => ({ run, node: first + n })));
    await settleAll(clients, nodes);
    first += width;
  }
  return [];
}

async function settleAll(clients: readonly Client[], nodes: readonly Node[]): Promise<void> {
  // Split by halves, so that two connections do not wait for the same run.
  const halves = chunks(nodes, Math.ceil(nodes.length / clients.length));
  const work = async (client: Client, half: readonly Node[]): Promise<void> => {
    for (const batch of chunks(half, BATCH)) await settle(client, batch);
  };
  await Promise.all(clients.map((client, n) => work(client, halves[n] ?? [])));
}

async function start(client: Client, runs: number, open: number): Promise<string[]> {
  const ids = Array.from({ length: runs }, () => randomUUID());
  await client.query({ name: 'start', text: START, values: [ids, open] });
  return ids;
}

async function settle(client: Client, nodes: readonly Node[]): Promise<void> {
  const values = [nodes.map(({ run }) => run), nodes.map(({ node }) => node), nodes.map(() => OUTPUT)];
  await client.query({ name: 'settle', text: SETTLE, values });
}
