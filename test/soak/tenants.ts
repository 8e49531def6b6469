/** Programs of other tenants: started past the API, as a producer would for whoever calls it. */
import { setTimeout as wait } from 'node:timers/promises';

import type { WorkflowDocument } from '@weft/contract';
import { canonicalJson } from '@weft/engine/domain';
import type { Log, RunRecord } from '@weft/engine/ports';
import { createMemoryArtifactStore } from '@weft/engine/runtime';

import { openMesh } from '../../apps/cli/src/stack/open-mesh.ts';
import type { Mesh, MeshOptions } from '../../apps/cli/src/stack/open-mesh.ts';
import type { History } from './history.ts';
import type { Program } from './program.ts';
import type { World } from './world.ts';

/** All that a soak has runs of. */
export const TENANTS: readonly string[] = ['default', 'acme', 'globex'];

export type Tenants = {
  /** Starts the program for its tenant and waits for its end. */
  run(program: Program): Promise<void>;
  close(): Promise<void>;
};

const PAUSE_MS = 250;
const PATIENCE_MS = 120_000;
const WAIT_MS = 60_000;
const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

type Options = { world: World; history: History; deadAfterMs: number; giveUp: AbortSignal };

export async function openTenants({ world, history, deadAfterMs, giveUp }: Options): Promise<Tenants> {
  const mesh = await openMesh({
    databaseUrl: world.postgres.url,
    redisUrl: world.redisLink.url,
    deadAfterMs,
    retention: { fallback: null, archive: null },
    artifacts: { artifactStore: createMemoryArtifactStore() },
    secretKeys: { present: null, old: [] },
    waitMs: WAIT_MS,
    log: SILENT as unknown as MeshOptions['log'],
  });
  return {
    async run(program) {
      const runId = await patiently(() => start(mesh, program), giveUp);
      const { index, kind, expect, key } = program;
      const call = { what: 'start for tenant', program: index, key, from: 0, to: performance.now() };
      history.calls.push({ ...call, outcome: runId === null ? 'unknown' : 'ok', ...(runId !== null && { runId }) });
      if (runId === null) return;
      history.promised.push({ runId, program: index, kind, expect });
      const end = (): Promise<RunRecord | null> => mesh.deps.reader.run(program.tenant, runId);
      while (!giveUp.aborted && !(await patiently(end, giveUp))?.endedAt) await wait(PAUSE_MS);
    },
    async close() {
      await mesh.engine.stop();
      await mesh.close();
    },
  };
}

async function start({ engine }: Mesh, { tenant, workflow, input, key }: Program): Promise<string> {
  const { ref } = await engine.saveWorkflow({ tenant, document: workflow as WorkflowDocument });
  const idempotency = { key, payloadHash: canonicalJson({ input: input ?? {} }) };
  const request = { workflow: ref, input: input ?? {}, config: {}, priority: null, tags: [], idempotency };
  const [result] = await engine.startRuns([request]);
  if (!result || result instanceof Error) throw result ?? new Error('no result');
  return result.runId;
}

/** Null where it does not succeed for too long. */
async function patiently<T>(work: () => Promise<T>, giveUp: AbortSignal): Promise<T | null> {
  const from = performance.now();
  while (performance.now() - from < PATIENCE_MS && !giveUp.aborted) {
    try {
      return await work();
    } catch {
      await wait(PAUSE_MS);
    }
  }
  return null;
}
