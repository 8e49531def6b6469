/** A mesh for one test: a database, a Redis of its own, and as many producers and workers as it asks for. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { Json, JsonObject } from '@weft/contract';
import { openStore } from '@weft/postgres';
import type { PostgresStore } from '@weft/postgres';
import { createClient } from '@weft/sdk';
import type { WeftClient } from '@weft/sdk';
import { createTestDatabase, startRedisServer } from '@weft/testkit';
import type { RedisServer } from '@weft/testkit';
import { expect, onTestFinished } from 'vitest';

import { deadlocksIn } from './deadlocks.ts';
import { startMeshProcess } from './mesh-process.ts';
import type { MeshProcess } from './mesh-process.ts';

const HANDLERS = join(import.meta.dirname, 'mesh-handlers.ts');
const DEAD_AFTER_MS = 4000;
const PATIENCE = { timeout: 60_000, interval: 50 };
const EVERYTHING = 100_000;

export type Producer = MeshProcess & { client: WeftClient };

/** What starts the processes of a mesh. */
export type Starters = {
  producer(): Promise<Producer>;
  worker(...args: string[]): Promise<MeshProcess>;
  /** A process that runs as many workers as there is work for. */
  scaler(...args: string[]): Promise<MeshProcess>;
};

export type Mesh = Starters & {
  databaseUrl: string;
  redis: RedisServer;
  store: PostgresStore;
  /** A file to which every call of a handler adds a line. */
  notes: string;
  /** A file that does not exist before `open` is called. */
  gate: { file: string; open(): void };
  /** Processes with another environment: another address of Postgres or Redis, or another setting. */
  by(env: Readonly<Record<string, string>>): Starters;
  /** Processes that are started by this command, such as one that limits them. */
  through(...command: string[]): Starters;
  /** What handlers have noted: `began` and `ended` with task and process, `effect` with its idempotency key in place of the task. */
  noted(what: 'began' | 'ended' | 'effect'): { taskId: string; pid: number }[];
  /** Until all of these runs have succeeded, each with `total`. */
  allSucceed(ids: readonly string[], total: number): Promise<void>;
  countOf: (status: string) => Promise<number>;
};

export type MeshOptions = {
  /** Another address of Postgres, for the processes and the test alike. */
  databaseUrl?: string;
  /** Within what time the tasks of a dead worker run again, ms (4,000). */
  deadAfterMs?: number;
};

/** After the test its processes are killed, and every run must be what its journal says. */
export async function openMesh({ databaseUrl, deadAfterMs = DEAD_AFTER_MS }: MeshOptions = {}): Promise<Mesh> {
  const database = databaseUrl === undefined ? await createTestDatabase() : { url: databaseUrl, drop: async () => {} };
  const redis = await startRedisServer();
  const folder = mkdtempSync(join(tmpdir(), 'weft-mesh-'));
  const notes = join(folder, 'notes');
  const gate = join(folder, 'gate');
  writeFileSync(notes, '');
  const store = openStore({ url: database.url, maxConnections: 3, onError: () => undefined });
  const processes: MeshProcess[] = [];
  const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, WEFT_DEAD_AFTER_MS: `${deadAfterMs}` };

  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') for (const { log } of processes) process.stderr.write(log().slice(-4000));
    await Promise.all(processes.map((one) => one.kill()));
    expect(await deadlocksIn(database.url)).toBe(0);
    await store.close();
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
    await database.drop();
  });

  const by = (more: Readonly<Record<string, string>> = {}, through: readonly string[] = []): Starters => {
    const start = async (args: readonly string[]): Promise<MeshProcess> => {
      const started = await startMeshProcess(args, { ...env, ...more }, { through });
      processes.push(started);
      return started;
    };
    return {
      async producer() {
        const started = await start(['producer', '--port=0']);
        return { ...started, client: createClient({ url: started.ready.url ?? '' }) };
      },
      worker: (...args) => start(['worker', `--handlers=${HANDLERS}`, ...args]),
      scaler: (...args) => start(['scale', `--handlers=${HANDLERS}`, ...args]),
    };
  };

  const runs = () => store.reader.runs({ tenant: 'default', limit: EVERYTHING });
  const countOf = async (status: string) => (await runs()).filter(({ head }) => head.status === status).length;

  return {
    databaseUrl: database.url,
    redis,
    store,
    notes,
    gate: { file: gate, open: () => writeFileSync(gate, '') },
    countOf,
    ...by(),
    by,
    through: (...command) => by({}, command),
    noted(what) {
      const lines = readFileSync(notes, 'utf8').split('\n');
      const ours = lines.map((line) => line.split(' ')).filter(([said]) => said === what);
      return ours.map(([, taskId = '', pid]) => ({ taskId, pid: Number(pid) }));
    },
    async allSucceed(ids, total) {
      expect(new Set(ids).size).toBe(ids.length);
      const ended = async () => {
        const wanted = new Set(ids);
        return (await runs()).filter(({ head, endedAt }) => wanted.has(head.id) && endedAt !== null);
      };
      // Postgres may be away for a while.
      await expect.poll(async () => (await ended().catch(() => [])).length, PATIENCE).toBe(ids.length);
      const outcomes = (await ended()).map(({ head, output }) => ({ status: head.status, output }));
      expect(outcomes).toEqual(ids.map(() => ({ status: 'succeeded', output: total })));
    },
  };
}

/** As many tasks one after another, each of which adds the `n` of its output to the run's total. */
export function chain(length: number, fields: JsonObject): JsonObject {
  const nodes = Array.from({ length }, (_, index): [string, Json] => {
    const needs = index > 0 ? { needs: [`n${index - 1}`] } : {};
    return [`n${index}`, { type: 'task', outputMapping: { total: 'n' }, ...fields, ...needs }];
  });
  return {
    name: 'chain',
    state: { total: { type: 'number', reducer: 'add', default: 0 } },
    output: '${state.total}',
    nodes: Object.fromEntries(nodes),
  };
}

/** Starts as many runs of it; gives their ids. */
export async function startRuns(
  { client }: Producer,
  count: number,
  workflow: JsonObject,
  input: JsonObject = {},
): Promise<string[]> {
  const items = await client.runs.startMany(Array.from({ length: count }, () => ({ workflow, input })));
  return items.map((item) => {
    if ('id' in item) return item.id;
    throw new Error(JSON.stringify(item));
  });
}
