/** The processes of a world: producers and workers, each with the real engine, which end and begin again. */
import type { Secrets } from '@weft/engine/ports';
import { createEngine, createWorker } from '@weft/engine/runtime';
import type { EngineDeps, RunningEngine, SweeperSettings, Worker } from '@weft/engine/runtime';

import { Effects } from './effects.ts';
import { Invariants } from './invariants.ts';
import { portsOf } from './ports-of.ts';
import { Services } from './services.ts';
import type { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

export type Machine = { name: string; isWorker: boolean; running: Running | null };
export type Running = { process: SimProcess; deps: EngineDeps; engine: RunningEngine; worker: Worker | null };

const NO_SECRETS: Secrets = {
  resolve: (input) => ({ kind: 'resolved', input, secrets: [] }),
  redact: (value) => value,
  redactOutcome: (outcome) => outcome,
  redactText: () => null,
};

const GRACE_MS = 500;
const RESTART_MS = 3000;

export class SimMesh {
  readonly world: World;
  readonly services: Services;
  readonly effects: Effects;
  readonly invariants: Invariants;
  readonly machines: Machine[];
  /** Every engine that there ever was. */
  readonly engines: RunningEngine[] = [];
  readonly #sweep: SweeperSettings;
  #incarnation = 0;

  constructor(world: World) {
    const { random } = world;
    this.world = world;
    this.services = new Services(world);
    this.effects = new Effects((runId) => this.services.stores.runs.has(runId));
    this.invariants = new Invariants(world, this.services);
    this.#sweep = { intervalMs: 2000, staleOfferMs: 2000, deadAfterMs: random.pick([4000, 15_000]) };
    const named = (kind: string, count: number): Machine[] =>
      Array.from({ length: count }, (_, i) => ({
        name: `${kind}${i + 1}`,
        isWorker: kind === 'worker',
        running: null,
      }));
    this.machines = [...named('producer', 1 + random.below(2)), ...named('worker', 1 + random.below(3))];
    for (const machine of this.machines) this.start(machine);
  }

  start(machine: Machine): void {
    if (machine.running?.process.isAlive) return;
    this.#incarnation += 1;
    const process = this.world.spawn(`${machine.name}.${this.#incarnation}`);
    const onChange = (runIds: readonly string[]) => this.invariants.checkSome(runIds);
    const deps = portsOf({ world: this.world, process, services: this.services, onChange });
    const engine = createEngine(deps, { sweep: this.#sweep });
    const worker = machine.isWorker ? this.#worker(process, deps, engine) : null;
    this.engines.push(engine);
    machine.running = { process, deps, engine, worker };
    // It begins like everything else: as an event of its own.
    this.world.agenda.after(0, process, () => {
      engine.start();
      worker?.start().catch((error: unknown) => this.crash(machine, `it could not begin: ${String(error)}`));
    });
  }

  /** Kills a process; it comes back as another incarnation. */
  crash(machine: Machine, why: string): void {
    if (machine.running) this.world.kill(machine.running.process, why);
  }

  /** Dead processes begin again after a while, however they died. */
  revive(): void {
    for (const machine of this.machines) {
      if (machine.running === null || machine.running.process.isAlive) continue;
      machine.running = null;
      this.world.agenda.after(this.world.random.below(RESTART_MS), null, () => this.start(machine));
    }
  }

  /** As on SIGTERM: the process ends when it has handed back what it cannot finish. */
  async deploy(machine: Machine): Promise<void> {
    const { running } = machine;
    if (!running?.process.isAlive) return;
    const { process, worker, engine } = running;
    this.world.note(process.name, 'is told to stop');
    await worker?.stop(GRACE_MS);
    await engine.stop();
    this.world.kill(process, 'it has stopped');
  }

  #worker(process: SimProcess, deps: EngineDeps, engine: RunningEngine): Worker {
    const echo = this.effects.executor(this.world, process);
    return createWorker(
      { ...deps, files: engine.files, graphs: engine.graphs, settler: engine.settler },
      {
        id: process.name,
        name: process.name,
        version: 'simulation',
        pid: 1,
        host: 'nowhere',
        lanes: ['default'],
        slots: 1 + this.world.random.below(4),
        executors: new Map([['echo', echo]]),
        secrets: NO_SECRETS,
        rssBytes: () => 0,
      },
    );
  }
}
