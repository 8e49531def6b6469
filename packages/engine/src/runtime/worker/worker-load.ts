/** Keeps a worker within its memory: measures its process, and says what may be claimed, started and must be handed back. */
import { LoadLaw } from '../../domain/load/load-law.ts';
import type { Load } from '../../domain/load/load-law.ts';
import { isAtLeast } from '../../domain/load/zone.ts';
import type { Zone } from '../../domain/load/zone.ts';
import type { Clock, GaugeReading, Log, ProcessGauge, WorkerHealth } from '../../ports/index.ts';
import { repeat } from '../repeat.ts';

export type LoadDeps = { clock: Clock; log: Log; gauge: ProcessGauge | null };

export type LoadListener = {
  /** Measured anew: what may be claimed and started may have changed. */
  onSample(): void;
  /** Stops the attempt of this load, to be run elsewhere. Returns false if it must not. */
  onShed(load: Load): boolean;
  /** Nothing helps any more. Returns false if this process cannot be replaced now. */
  onCritical(): boolean;
};

/** How the process is, but for what its tasks tell. */
export type ProcessHealth = Omit<WorkerHealth, 'slotsEffective' | 'rates'>;

const SAMPLE_MS = 200;
/** A task that ended without having been seen by a sample is looked at, if nobody looked for so long. */
const GLANCE_MS = 25;
/** Garbage is collected where memory is short, for a twentieth of all time at most. */
const RELIEVE_REST = 20;
const SHED_MS = 1000;

export class WorkerLoad {
  readonly #deps: LoadDeps;
  readonly #listener: LoadListener;
  readonly #law = new LoadLaw();
  #reading: GaugeReading | null = null;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #relieveFrom = Number.NEGATIVE_INFINITY;
  /** Tasks have ended since garbage was collected. */
  #hasGarbage = true;
  #shedAt = Number.NEGATIVE_INFINITY;
  #end = () => {};

  constructor(deps: LoadDeps, listener: LoadListener) {
    this.#deps = deps;
    this.#listener = listener;
  }

  /** Begins to measure; resolves after the first time. */
  async start(): Promise<void> {
    if (!this.#deps.gauge) return;
    await this.#sample(this.#deps.gauge);
    const { gauge } = this.#deps;
    this.#end = repeat(this.#deps, { everyMs: SAMPLE_MS, what: 'measuring memory', work: () => this.#sample(gauge) });
  }

  stop(): void {
    this.#end();
    this.#deps.gauge?.close();
  }

  /** How many more tasks may be claimed. */
  get room(): number {
    return this.#law.room(this.#deps.clock.monotonicMs());
  }

  get zone(): Zone {
    return this.#law.zone;
  }

  get rssBytes(): number | null {
    return this.#reading?.rssBytes ?? null;
  }

  /** Null where nothing is measured. */
  get health(): ProcessHealth | null {
    if (!this.#reading) return null;
    const { heapBytes, treeBytes, lagMs } = this.#reading;
    const score = Math.max(0, 1 - this.#law.share);
    return {
      heapBytes,
      lagMs: Math.round(lagMs * 10) / 10,
      memoryBytes: treeBytes,
      limitBytes: this.#law.limitBytes,
      zone: this.#law.zone,
      healthScore: Math.round(score * 1000) / 1000,
    };
  }

  /** Begins a task of this kind, if it fits. */
  tryBegin(uses: string): Load | null {
    const now = this.#deps.clock.monotonicMs();
    return this.#law.fits(uses, now) ? this.#law.begin(uses, now) : null;
  }

  end(load: Load): void {
    const now = this.#deps.clock.monotonicMs();
    if (load.startedAt > this.#lookedAt && now - this.#lookedAt >= GLANCE_MS) this.#glance(now);
    this.#law.end(load, now);
    this.#hasGarbage = true;
  }

  #glance(now: number): void {
    const { gauge } = this.#deps;
    if (!gauge || !this.#reading) return;
    this.#lookedAt = now;
    const rssBytes = gauge.rssBytes();
    const treeBytes = this.#reading.treeBytes + rssBytes - this.#reading.rssBytes;
    this.#reading = { ...this.#reading, rssBytes, treeBytes };
    this.#law.glance(treeBytes);
  }

  async #sample(gauge: ProcessGauge): Promise<void> {
    const reading = await this.#read(gauge);
    const now = this.#deps.clock.monotonicMs();
    const before = this.#law.zone;
    this.#reading = reading;
    this.#lookedAt = now;
    this.#law.sample({ ...reading, nowMs: now });
    this.#tell(before);
    if (isAtLeast(this.#law.zone, 'orange')) this.#act(now);
    else this.#law.limp(false);
    this.#listener.onSample();
  }

  #tell(before: Zone): void {
    const { zone } = this.#law;
    if (zone === before) return;
    const { memoryBytes, limitBytes, lagMs } = this.health ?? {};
    const fields = { zone, before, memoryBytes, limitBytes, lagMs };
    if (isAtLeast(zone, 'orange')) this.#deps.log.warn(fields, 'this worker claims nothing until it has room again');
    else if (isAtLeast(before, 'orange')) this.#deps.log.info(fields, 'this worker claims again');
  }

  /** What nobody needs any more must not make a process seem full: an idle one would keep it for ever. */
  async #read(gauge: ProcessGauge): Promise<GaugeReading> {
    const reading = await gauge.read();
    const now = this.#deps.clock.monotonicMs();
    if (!this.#hasGarbage || now < this.#relieveFrom || !this.#law.isTight(reading.bounds)) return reading;
    // What has grown until now is what tasks have taken, whether or not it is still there afterwards.
    this.#law.glance(reading.treeBytes);
    this.#hasGarbage = false;
    this.#relieveFrom = now + RELIEVE_REST * (await gauge.relieve());
    const { lagMs } = reading;
    return { ...(await gauge.read()), lagMs };
  }

  #act(now: number): void {
    if (isAtLeast(this.#law.zone, 'red') && now - this.#shedAt >= SHED_MS) this.#shed(now);
    if (this.#law.zone === 'critical') this.#law.limp(!this.#listener.onCritical());
  }

  #shed(now: number): void {
    for (const load of this.#law.newestFirst()) {
      if (!this.#listener.onShed(load)) continue;
      this.#shedAt = now;
      return;
    }
  }
}
