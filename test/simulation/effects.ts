/** What executors did outside: the one account that no process can lose, and what they returned. */
import type { Json, JsonObject } from '@weft/contract';
import type { Executor, ExecutorCall, Outcome } from '@weft/engine/ports';
import type { SeededRandom } from '@weft/testkit/seeded-random';

import type { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

export type Effect = { taskId: string; attempt: number; by: string; outcome: Outcome | null };

const OUTPUTS: Json[] = ['a', 'b', 'back', 'c', null, { v: 1, n: 1 }, ['x', 'y'], 7];
/** One in five takes so long that it is written as running. */
const LONG_MS = 1500;
const SHORT_MS = 30;

export class Effects {
  readonly all: Effect[] = [];
  readonly #exists: (runId: string) => boolean;

  constructor(exists: (runId: string) => boolean) {
    this.#exists = exists;
  }

  /** An executor whose behaviour is random. */
  executor(world: World, process: SimProcess): Executor {
    return { type: 'echo', run: (call) => this.#run(world, process, call) };
  }

  async #run(world: World, process: SimProcess, { taskId, runId, attempt, signal }: ExecutorCall): Promise<Outcome> {
    const effect: Effect = { taskId, attempt, by: process.name, outcome: null };
    this.all.push(effect);
    if (!this.#exists(runId)) world.violate(`${taskId}/${attempt} is run, and its run ${runId} was never committed`);
    world.note(process.name, `runs ${taskId}/${attempt}`);
    const { random } = process;
    const ms = random.chance(0.2) ? random.below(LONG_MS) : random.below(SHORT_MS);
    const { promise, resolve } = Promise.withResolvers<'aborted' | 'done'>();
    process.clock.after(ms, () => resolve('done'));
    const deafness = random.chance(0.2);
    if (!deafness) signal.addEventListener('abort', () => resolve('aborted'), { once: true });
    const end = await promise;
    effect.outcome = end === 'aborted' ? failure('aborted', true) : anyOutcome(random, attempt);
    return effect.outcome;
  }
}

function anyOutcome(random: SeededRandom, attempt: number): Outcome {
  const chance = random.below(20);
  if (chance === 0) return failure('boom', false);
  if (chance < 4 && attempt < 6) return failure('again', true);
  const usage = { inputTokens: random.below(9), outputTokens: 1, usd: 0 };
  const output = random.pick(OUTPUTS);
  if (chance < 8) return { kind: 'succeeded', output, stateUpdates: updates(random.below(9)), usage };
  return { kind: 'succeeded', output, usage };
}

function updates(value: number): JsonObject {
  const way = ['a', 'b', 'back', 'c'][value % 4] ?? 'a';
  return { total: value, log: `l${value}`, last: value, seen: { v: value }, scratch: value, way };
}

function failure(code: string, retryable: boolean): Outcome {
  return { kind: 'failed', error: { code, message: 'it broke', retryable } };
}
