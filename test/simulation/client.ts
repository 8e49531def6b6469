/** Somebody outside who talks to producers over connections that break, and does not give up. */
import { AppError } from '@weft/contract';
import { StoreError } from '@weft/engine/ports';
import type { RunningEngine } from '@weft/engine/runtime';

import type { SimMesh } from './mesh.ts';
import { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

const PATIENCE_MS = 8000;
const AGAIN_MS = 700;

export class Client {
  readonly #world: World;
  readonly #mesh: SimMesh;
  readonly process: SimProcess;

  constructor(world: World, mesh: SimMesh) {
    this.#world = world;
    this.#mesh = mesh;
    // Nobody kills it.
    this.process = new SimProcess(world.agenda, { name: 'client', seed: world.random.below(2 ** 31), skewMs: 0 });
  }

  async pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.process.clock.after(ms, resolve);
    await promise;
  }

  /** Asks until there is an answer that will not change: what it gives, or the error that says so. */
  async insist<T>(what: string, ask: (engine: RunningEngine) => Promise<T>): Promise<T | AppError> {
    for (;;) {
      const answer = await this.once(what, ask);
      if (answer !== null) return answer;
      await this.pause(AGAIN_MS);
    }
  }

  /** Null: it is not known whether it happened; ask again. */
  async once<T>(what: string, ask: (engine: RunningEngine) => Promise<T>): Promise<T | AppError | null> {
    const world = this.#world;
    world.note('client', what);
    try {
      const answer = await this.#send(ask);
      world.note('client', `has its answer to ${what}: ${briefly(answer)}`);
      return this.#isLasting(what, answer) ? answer : null;
    } catch (error) {
      world.note('client', `${what}: ${error instanceof Error ? error.message : String(error)}`);
      if (error instanceof AppError && this.#isLasting(what, error)) return error;
      const isExpected = error instanceof AppError || error instanceof StoreError || error instanceof BrokenLink;
      if (!isExpected) world.violate(`${what} threw: ${error instanceof Error ? error.stack : String(error)}`);
      return null;
    }
  }

  #isLasting(what: string, answer: unknown): boolean {
    if (!(answer instanceof AppError)) return true;
    if (answer.code === 'internal') this.#world.violate(`${what}: ${answer.message} ${String(answer.cause)}`);
    return answer.code !== 'unavailable' && answer.code !== 'internal';
  }

  /** One request to one of the producers. */
  #send<T>(ask: (engine: RunningEngine) => Promise<T>): Promise<T> {
    const { agenda, random } = this.#world;
    const machine = random.pick(this.#mesh.machines.filter(({ isWorker }) => !isWorker));
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const answer = (give: () => void) => agenda.after(this.#world.latency(), this.process, give);
    const { running } = machine;
    if (!running?.process.isAlive) {
      answer(() => reject(new BrokenLink('refused')));
      return promise;
    }
    const forget = running.process.onEnd(() => answer(() => reject(new BrokenLink('reset'))));
    const giveUp = this.process.clock.after(PATIENCE_MS, () => reject(new BrokenLink('no answer')));
    const done = (give: () => void): void => {
      forget();
      answer(() => {
        giveUp();
        give();
      });
    };
    const settle = async (work: Promise<T>): Promise<void> => {
      try {
        const value = await work;
        done(() => resolve(value));
      } catch (error) {
        done(() => reject(error));
      }
    };
    agenda.after(this.#world.latency(), running.process, () => {
      void settle(ask(running.engine));
    });
    return promise;
  }
}

class BrokenLink extends Error {}

function briefly(answer: unknown): string {
  if (answer instanceof AppError) return `${answer.code} ${answer.message}`;
  return (JSON.stringify(answer) ?? 'done').slice(0, 120);
}
