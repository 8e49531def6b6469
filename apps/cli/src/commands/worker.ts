/** weft worker: one worker of the mesh, or several under a supervisor. */
import { hostname, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import type { ExitCode } from '@weft/contract';

import { readWorkerConfig } from '@weft/worker';

import type { CommandContext } from '../command-context.ts';
import { healthPort } from '../config.ts';
import { openMesh } from '../stack/open-mesh.ts';
import type { RunningProcess } from '../stack/running-process.ts';
import { serveHealth } from '../stack/serve-health.ts';
import { startWorkerProcess } from '../stack/start-worker-process.ts';
import { supervise } from '../stack/supervise.ts';
import { meshSettings, processLog, serve, WAIT_MS } from './serve.ts';
import type { MeshSettings } from './serve.ts';

export type WorkerCommandOptions = {
  id?: string | undefined;
  name?: string | undefined;
  lanes?: string[] | undefined;
  concurrency?: number | undefined;
  handlers?: string | undefined;
  health: boolean;
  processes: number;
  graceMs: number;
  /** MiB. */
  memoryLimit?: number | undefined;
  recycleAfterMs?: number | undefined;
};

/** What a supervisor passes on to its children. */
export type ChildOptions = Pick<
  WorkerCommandOptions,
  'name' | 'lanes' | 'concurrency' | 'handlers' | 'memoryLimit' | 'graceMs' | 'processes'
>;

const BYTES_PER_MIB = 1024 * 1024;
/** Of the machine's memory, what the children of a supervisor may use together where nobody says how much each may. */
const SHARE = 0.75;

const MAIN = fileURLToPath(new URL('../launch.mjs', import.meta.url));

export function workerCommand(context: CommandContext, options: WorkerCommandOptions): Promise<ExitCode> {
  const settings = meshSettings(context);
  const port = options.health ? healthPort(context.env) : null;
  if (options.processes > 1) {
    const ready = () => ({ processes: options.processes });
    return serve(context, { start: () => withHealth(port, () => startSupervisor(settings, options)), ready });
  }
  return serve(context, {
    start: () => withHealth(port, () => startWorker(settings, options)),
    ready: ({ id }) => ({ workerId: id }),
  });
}

function startWorker(settings: MeshSettings, options: WorkerCommandOptions) {
  return startWorkerProcess({
    ...settings,
    name: options.name ?? hostname(),
    id: options.id ?? null,
    lanes: options.lanes ?? null,
    slots: options.concurrency ?? null,
    handlersFile: options.handlers === undefined ? null : resolve(options.handlers),
    graceMs: options.graceMs,
    memoryLimitMib: options.memoryLimit ?? null,
    recycleAfterMs: options.recycleAfterMs ?? null,
    waitMs: WAIT_MS,
    log: processLog(),
  });
}

/** Health is answered from when the process is up until it has stopped. */
export async function withHealth<P extends RunningProcess>(port: number | null, start: () => Promise<P>): Promise<P> {
  const running = await start();
  if (port === null) return running;
  const health = await serveHealth(port).catch(async (error: unknown) => {
    await running.stop();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await running.stop();
    await health.stop();
  };
  return { ...running, stop };
}

/** The supervisor runs no tasks: it holds the mesh only to report deaths. */
async function startSupervisor(settings: MeshSettings, options: WorkerCommandOptions): Promise<RunningProcess> {
  const log = processLog();
  const mesh = await openMesh({ ...settings, waitMs: WAIT_MS, log });
  const report = (id: string) => mesh.engine.sweeper.endWorker(id);
  const children = supervise({ processes: options.processes, command: childCommand(options), report, log });
  return {
    ...children,
    async stop() {
      await children.stop();
      await mesh.engine.stop();
      await mesh.close();
    },
  };
}

function shareMib(processes: number): number {
  return Math.floor((SHARE * totalmem()) / BYTES_PER_MIB / processes);
}

/** What starts one of `processes` workers. */
export function childCommand(options: ChildOptions): [string, ...string[]] {
  const { name, lanes, concurrency, handlers, graceMs, processes } = options;
  const memoryLimit = options.memoryLimit ?? readWorkerConfig().memoryLimitMib ?? shareMib(processes);
  return [
    process.execPath,
    ...process.execArgv,
    MAIN,
    '--json',
    'worker',
    '--no-health',
    `--grace-ms=${graceMs}`,
    `--memory-limit=${memoryLimit}`,
    ...(name === undefined ? [] : [`--name=${name}`]),
    ...(lanes === undefined ? [] : [`--lanes=${lanes.join(',')}`]),
    ...(concurrency === undefined ? [] : [`--concurrency=${concurrency}`]),
    ...(handlers === undefined ? [] : [`--handlers=${resolve(handlers)}`]),
  ];
}
