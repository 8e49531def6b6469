/** A place in the mesh at which a process runs: whoever ends, another takes its place, as under any service manager. */
import { setTimeout as wait } from 'node:timers/promises';

import { startMeshProcess } from '../chaos/mesh-process.ts';
import type { MeshProcess } from '../chaos/mesh-process.ts';

export type Place = {
  readonly name: string;
  /** Null between two processes. */
  current(): MeshProcess | null;
  start(): Promise<void>;
  /** Ends it in good order, and has another one started. Gives its exit status. */
  restart(): Promise<number | null>;
  /** Ends the place and the process in it. Gives the exit status. */
  close(): Promise<number | null>;
  /** How many processes have run here. */
  readonly started: number;
  /** What all of them have logged, the newest last; bounded. */
  log(): string;
};

type PlaceOptions = {
  name: string;
  args: readonly string[];
  env: () => Record<string, string>;
  /** Hears each line of the log. */
  onLog: (line: string) => void;
};

const RESTART_MS = 300;
const KEPT_LOG = 60_000;

export function openPlace(options: PlaceOptions): Place {
  return new ProcessPlace(options);
}

class ProcessPlace implements Place {
  readonly name: string;
  started = 0;
  readonly #options: PlaceOptions;
  #process: MeshProcess | null = null;
  #formerLog = '';
  #closed = false;

  constructor(options: PlaceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  current(): MeshProcess | null {
    return this.#process;
  }

  log(): string {
    return this.#formerLog + (this.#process?.log() ?? '');
  }

  /** Tries until a process is up: a database that is just being crashed must not end the soak. */
  async start(): Promise<void> {
    while (!this.#closed) {
      try {
        const { args, env, onLog } = this.#options;
        const started = await startMeshProcess(args, env(), { onLine: onLog });
        this.started += 1;
        this.#process = started;
        void started.ended.then(() => this.#replace(started));
        if (this.#closed) await started.kill();
        return;
      } catch (error) {
        this.#formerLog = (this.#formerLog + String(error)).slice(-KEPT_LOG);
        await wait(RESTART_MS);
      }
    }
  }

  async restart(): Promise<number | null> {
    const leaving = this.#process;
    if (!leaving) return 0;
    const status = await leaving.stop();
    return status;
  }

  async close(): Promise<number | null> {
    this.#closed = true;
    const last = this.#process;
    if (!last) return 0;
    const status = await last.stop();
    await last.kill();
    return status;
  }

  async #replace(ended: MeshProcess): Promise<void> {
    // Whatever it has left of its group goes with it.
    await ended.kill();
    this.#formerLog = (this.#formerLog + ended.log()).slice(-KEPT_LOG);
    if (this.#process === ended) this.#process = null;
    if (this.#closed) return;
    await wait(RESTART_MS);
    await this.start();
  }
}
