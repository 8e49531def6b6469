/** A worker process: claims tasks from the lanes of the mesh. Any number of them may run. */
import { createWorker, recoverWithin } from '@weft/engine/runtime';
import { readWorkerConfig, workerOptions } from '@weft/worker';

import { openMesh } from './open-mesh.ts';
import type { MeshOptions } from './open-mesh.ts';
import type { RunningProcess } from './running-process.ts';
import { surviveStrayErrors } from './survive-stray-errors.ts';
import { weftVersion } from './version.ts';

export type WorkerProcessOptions = MeshOptions & {
  name: string;
  /** The id of this incarnation, chosen by whoever supervises it; null for a random one. */
  id: string | null;
  lanes: string[] | null;
  /** Tasks at once; null for the default. */
  slots: number | null;
  handlersFile: string | null;
  /** How long running tasks may go on after the process was told to stop, ms. */
  graceMs: number;
};

export async function startWorkerProcess(options: WorkerProcessOptions): Promise<RunningProcess & { id: string }> {
  const { name, lanes, handlersFile, graceMs } = options;
  const config = readWorkerConfig();
  const setup = { name, lanes, handlersFile, version: weftVersion(), config };
  const settings = await workerOptions({ ...setup, config: { ...config, slots: options.slots ?? config.slots } });
  surviveStrayErrors(options.log);
  const mesh = await openMesh(options);
  const { engine, deps } = mesh;
  const id = options.id ?? settings.id;
  const { beatMs } = recoverWithin(options.deadAfterMs);
  const worker = createWorker({ ...deps, graphs: engine.graphs, settler: engine.settler }, { ...settings, id, beatMs });
  try {
    engine.start();
    await worker.start();
  } catch (error) {
    await engine.stop();
    await mesh.close();
    throw error;
  }
  return {
    id,
    async stop() {
      await worker.stop(graceMs);
      await engine.stop();
      await mesh.close();
    },
  };
}
