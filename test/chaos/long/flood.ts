/** A mesh of two workers under a flood, for faults that come in the middle of it. */
import type { JsonObject } from '@weft/contract';
import { expect } from 'vitest';

import { watchSteps } from '../recovery.ts';
import type { Watch } from '../recovery.ts';
import { chain, openMesh, startRuns } from '../use-mesh.ts';
import type { Mesh, MeshOptions, Producer } from '../use-mesh.ts';

const SOON = { timeout: 60_000, interval: 20 };
export const LENGTH = 3;

export type Flood = {
  mesh: Mesh;
  producer: Producer;
  watch: Watch;
  /** Starts so many runs of three tasks of `ms` each; gives their ids. */
  send: (count: number, ms: number) => Promise<string[]>;
  /** Until all of them have succeeded, with every task counted once. */
  succeed: (ids: readonly string[]) => Promise<void>;
  /** Until steps are committed: what then happens, happens in the middle of it. */
  underWay: () => Promise<void>;
};

export type FloodOptions = MeshOptions & {
  /** What else the environment of the processes says, such as another way to Postgres or Redis. */
  env?: (mesh: Mesh) => Promise<Record<string, string>>;
};

export async function openFlood(options: FloodOptions = {}): Promise<Flood> {
  const mesh = await openMesh(options);
  const starters = mesh.by((await options.env?.(mesh)) ?? {});
  const workers = [starters.worker('--concurrency=8'), starters.worker('--concurrency=8')];
  const [producer] = await Promise.all([starters.producer(), ...workers]);
  const watch = watchSteps(mesh.databaseUrl);
  return {
    mesh,
    producer,
    watch,
    send: (count, ms) => startRuns(producer, count, workOf(mesh, { ms })),
    succeed: (ids) => mesh.allSucceed(ids, LENGTH),
    async underWay() {
      const before = (await watch.steps()) ?? 0;
      await expect.poll(async () => ((await watch.steps()) ?? 0) - before, SOON).toBeGreaterThan(20);
    },
  };
}

export function workOf(mesh: Mesh, fields: JsonObject): JsonObject {
  return chain(LENGTH, { uses: 'handler:work', with: { notes: mesh.notes, ...fields } });
}

/** Ids of workers that were declared dead or have signed off. */
export async function endedWorkers({ store }: Mesh): Promise<string[]> {
  return (await store.fleet.list()).filter(({ endedAt }) => endedAt !== null).map(({ id }) => id);
}
