/** A worker process: claims tasks from the lanes of the mesh. Any number of them may run. */
import { exitCodes } from '@weft/contract';
import { createWorker, recoverWithin } from '@weft/engine/runtime';
import { closeMcpServers, loadOutgoingGuard, withPassages } from '@weft/executors';
import { readWorkerConfig, workerOptions } from '@weft/worker';

import { endpointWorker } from './endpoint-work.ts';
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
  /** How much memory it may use, MiB; null for what the environment says. */
  memoryLimitMib: number | null;
  /** How long after its start it may leave for want of memory, ms; null: never. */
  recycleAfterMs: number | null;
};

export async function startWorkerProcess(options: WorkerProcessOptions): Promise<RunningProcess & { id: string }> {
  const { name, lanes, handlersFile, graceMs, recycleAfterMs } = options;
  const config = readWorkerConfig();
  loadOutgoingGuard();
  const setup = { name, lanes, handlersFile, version: weftVersion(), config };
  const slots = options.slots ?? config.slots;
  const memoryLimitMib = options.memoryLimitMib ?? config.memoryLimitMib;
  const settings = await workerOptions({ ...setup, config: { ...config, slots, memoryLimitMib } });
  surviveStrayErrors(options.log);
  const mesh = await openMesh(options);
  const { engine, deps } = mesh;
  const id = options.id ?? settings.id;
  const { beatMs } = recoverWithin(options.deadAfterMs);
  const { protocols } = mesh;
  const { push = null } = options;
  const asking = endpointWorker({ ...deps, engine, protocols, push, environment: config.environment });
  const executors = withPassages(new Map([...settings.executors, ...asking.executors]), deps.passages);
  const worker = createWorker(
    { ...deps, files: engine.files, graphs: engine.graphs, settler: engine.settler },
    { ...settings, executors, id, beatMs, recycleAfterMs },
  );
  try {
    engine.start();
    await worker.start();
  } catch (error) {
    await engine.stop();
    await mesh.close();
    throw error;
  }
  const letNoMoreGo = asking.letGo();
  return {
    id,
    left: worker.left.then((leave) => (leave === 'drained' ? exitCodes.ok : exitCodes.recycled)),
    hurry: () => void worker.stop(0),
    async stop() {
      letNoMoreGo();
      await worker.stop(graceMs);
      await closeMcpServers();
      await engine.stop();
      await mesh.close();
    },
  };
}
