/**
 * Several worker processes under one supervisor. A child that dies without signing off is reported at once, so its tasks
 * run again without waiting for its silence to be noticed (rule A6), and another child takes its place.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';

import { systemClock } from '@weft/embedded';
import type { Log } from '@weft/engine/ports';

import type { RunningProcess } from './running-process.ts';

export type SuperviseOptions = {
  processes: number;
  /** Program and arguments of a child; `--id ID` is added. */
  command: readonly [string, ...string[]];
  /** Hears of a child that died without signing off, by its id. */
  report: (id: string) => Promise<void>;
  log: Log;
};

/** A child that died sooner than this is started again after a pause, longer each time. */
const STABLE_MS = 10_000;
const LONGEST_PAUSE_MS = 10_000;

/** Starts the children and keeps their number. `stop` tells them to stop and waits for them. */
export function supervise(options: SuperviseOptions): RunningProcess {
  const places = Array.from({ length: options.processes }, () => new Place(options));
  for (const place of places) place.start();
  return {
    async stop() {
      await Promise.all(places.map((place) => place.stop()));
    },
  };
}

class Place {
  readonly #options: SuperviseOptions;
  #child: ChildProcess | null = null;
  #ended = Promise.resolve();
  #stopping = false;
  #quickDeaths = 0;
  #cancelRestart = () => {};

  constructor(options: SuperviseOptions) {
    this.#options = options;
  }

  start(): void {
    const id = randomUUID();
    const [program, ...args] = this.#options.command;
    const startedAt = systemClock.monotonicMs();
    const child = spawn(program, [...args, '--id', id], { stdio: ['ignore', 'inherit', 'inherit'] });
    this.#child = child;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    child.once('error', (error) => this.#options.log.error({ err: error }, 'a worker process could not be started'));
    child.once('close', (code, signal) => {
      this.#child = null;
      void this.#afterDeath({ id, code, signal, livedMs: systemClock.monotonicMs() - startedAt }).finally(resolve);
    });
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelRestart();
    this.#child?.kill('SIGTERM');
    await this.#ended;
  }

  async #afterDeath(death: { id: string; code: number | null; signal: string | null; livedMs: number }): Promise<void> {
    const { log } = this.#options;
    if (this.#stopping && death.code === 0) return;
    log.warn({ workerId: death.id, code: death.code, signal: death.signal }, 'a worker process has died');
    await this.#report(death.id);
    if (this.#stopping) return;
    this.#quickDeaths = death.livedMs < STABLE_MS ? this.#quickDeaths + 1 : 0;
    const pauseMs = this.#quickDeaths === 0 ? 0 : Math.min(LONGEST_PAUSE_MS, 250 * 2 ** (this.#quickDeaths - 1));
    this.#cancelRestart = systemClock.after(pauseMs, () => this.start());
  }

  async #report(id: string): Promise<void> {
    const { report, log } = this.#options;
    try {
      await report(id);
    } catch (error) {
      log.warn({ err: error, workerId: id }, 'the death could not be reported; the sweepers will notice it');
    }
  }
}
