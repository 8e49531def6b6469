/** Calls to producers that may be frozen, killed or starting: what gets no answer is sent again under the same key. */
import { setTimeout as wait } from 'node:timers/promises';

import { ApiError } from '@weft/sdk';
import type { WeftClient } from '@weft/sdk';
import type { SeededRandom } from '@weft/testkit';

import type { Call, History } from './history.ts';

export type Asked<T> = { outcome: 'ok'; value: T } | { outcome: 'refused'; error: ApiError } | { outcome: 'unknown' };

type CallOptions = { signal: AbortSignal; idempotencyKey: string };
type Question<T> = {
  what: string;
  program: number;
  key: string;
  ask: (client: WeftClient, options: CallOptions) => Promise<T>;
  /** The run of the answer, for the history. */
  runOf?: (value: T) => string;
};

const ANSWER_MS = 6000;
const PAUSE_MS = 150;
/** Longer than any fault lasts. */
const PATIENCE_MS = 120_000;

export class PatientClient {
  readonly #clients: readonly WeftClient[];
  readonly #history: History;
  readonly #random: SeededRandom;

  constructor(parts: { clients: readonly WeftClient[]; history: History; random: SeededRandom }) {
    this.#clients = parts.clients;
    this.#history = parts.history;
    this.#random = parts.random;
  }

  /** Until some producer answers; a refusal that passes is none. */
  async call<T>({ what, program, key, ask, runOf }: Question<T>): Promise<Asked<T>> {
    const from = performance.now();
    const end = (asked: Asked<T>): Asked<T> => {
      const call: Call = { from, to: performance.now(), what, program, outcome: asked.outcome, key };
      if (asked.outcome === 'ok' && runOf) call.runId = runOf(asked.value);
      if (asked.outcome === 'refused') call.code = asked.error.code;
      this.#history.calls.push(call);
      return asked;
    };
    while (performance.now() - from < PATIENCE_MS) {
      try {
        const options = { signal: AbortSignal.timeout(ANSWER_MS), idempotencyKey: key };
        return end({ outcome: 'ok', value: await ask(this.#random.pick(this.#clients), options) });
      } catch (error) {
        if (error instanceof ApiError && error.status < 500 && error.status !== 429)
          return end({ outcome: 'refused', error });
        await wait(PAUSE_MS);
      }
    }
    return end({ outcome: 'unknown' });
  }

  /** Reads; null where nobody answers for too long. */
  async read<T>(ask: (client: WeftClient, signal: AbortSignal) => Promise<T>): Promise<T | null> {
    const from = performance.now();
    while (performance.now() - from < PATIENCE_MS) {
      try {
        return await ask(this.#random.pick(this.#clients), AbortSignal.timeout(ANSWER_MS));
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) throw error;
        await wait(PAUSE_MS);
      }
    }
    return null;
  }

  anyone(): WeftClient {
    return this.#random.pick(this.#clients);
  }
}
