/**
 * The place of one worker process. A child that dies without signing off is reported at once, so its tasks run again without
 * waiting for its silence to be noticed (rule A6), and another child takes its place. So it does for one that leaves for want of
 * memory. One that was drained leaves its place empty.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';

import { exitCodes } from '@weft/contract';
import { systemClock } from '@weft/embedded';
import type { Log } from '@weft/engine/ports';

export type PlaceOptions = {
  /** Program and arguments of a child; its id, and how soon it may leave for want of memory, are added. */
  command: readonly [string, ...string[]];
  /** Hears of a child that died without signing off, by its id. */
  report: (id: string) => Promise<void>;
  log: Log;
};

/** A child that died sooner than this is started again after a pause, longer each time. */
const STABLE_MS = 10_000;
/** A place is taken anew for want of memory once in this time at most. */
const RECYCLE_MS = 15 * 60_000;
const LONGEST_PAUSE_MS = 10_000;

export class Place {
  readonly #options: PlaceOptions;
  #child: ChildProcess | null = null;
  #ended = Promise.resolve();
  #stopping = false;
  #quickDeaths = 0;
  #recycledAt = Number.NEGATIVE_INFINITY;
  readonly #left = Promise.withResolvers<void>();
  #cancelRestart = () => {};

  constructor(options: PlaceOptions) {
    this.#options = options;
  }

  start(): void {
    const id = randomUUID();
    const [program, ...args] = this.#options.command;
    const startedAt = systemClock.monotonicMs();
    const recycleAfterMs = Math.max(0, Math.ceil(this.#recycledAt + RECYCLE_MS - startedAt));
    const own = ['--id', id, `--recycle-after-ms=${recycleAfterMs}`];
    const child = spawn(program, [...args, ...own], { stdio: ['ignore', 'inherit', 'inherit'] });
    this.#child = child;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = promise;
    child.once('error', (error) => this.#options.log.error({ err: error }, 'a worker process could not be started'));
    child.once('close', (code, signal) => {
      this.#child = null;
      void this.#afterDeath({ id, code, signal, livedMs: systemClock.monotonicMs() - startedAt }).finally(resolve);
    });
  }

  /** Resolves when its child was drained. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  /** Resolves when its present child has ended. */
  get ended(): Promise<void> {
    return this.#ended;
  }

  hurry(): void {
    this.#child?.kill('SIGTERM');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelRestart();
    this.#child?.kill('SIGTERM');
    await this.#ended;
  }

  async #afterDeath(death: { id: string; code: number | null; signal: string | null; livedMs: number }): Promise<void> {
    const { log } = this.#options;
    if (death.code === exitCodes.ok) {
      if (!this.#stopping) log.info({ workerId: death.id }, 'a worker process was drained; its place stays empty');
      this.#left.resolve();
      return;
    }
    if (death.code === exitCodes.recycled) this.#recycledAt = systemClock.monotonicMs();
    log.warn({ workerId: death.id, code: death.code, signal: death.signal }, 'a worker process has died');
    await this.#report(death.id);
    if (this.#stopping) return;
    const isQuick = death.livedMs < STABLE_MS && death.code !== exitCodes.recycled;
    this.#quickDeaths = isQuick ? this.#quickDeaths + 1 : 0;
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
