/** Runs what an attempt is to do, through the code of the worker: what it is given and what comes of it is the same. */
import type { Json } from '@weft/contract';
import type { GraphNode } from '@weft/engine/domain';
import type { ExecutorCall, Log, Outcome, Secrets, TaskMessage } from '@weft/engine/ports';
import {
  callExecutor,
  createArtifacts,
  createMemoryArtifactIndex,
  createMemoryArtifactStore,
  stoppedOutcome,
} from '@weft/engine/runtime';
import { handlerExecutor, redact, redactOutcome, redactText, resolveSecrets } from '@weft/executors';

import { toMs } from '../duration.ts';
import type { VirtualClock } from '../mesh/virtual-clock.ts';
import type { CallPlace, Play, Timing } from '../script/play.ts';
import { WorkflowTestError } from '../test-error.ts';
import { createEar } from './ear.ts';
import type { Told } from './ear.ts';
import type { WorkflowTestOptions } from './options.ts';

export type Performed = { outcome: Outcome; told: Told | null };

export type Work = { play: Play; node: GraphNode; message: TaskMessage; input: Json; place: CallPlace };

/** How long an attempt takes, and what ends it before its time. */
export type Span = { ms: number; cut: 'timeout' | 'heartbeat_timeout' | null };

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
const HANDLER_MS = 10_000;

export class Performer {
  readonly #clock: VirtualClock;
  readonly #secrets: Secrets;
  readonly #handlerMs: number;
  readonly #files = createArtifacts({
    artifactStore: createMemoryArtifactStore(),
    artifacts: createMemoryArtifactIndex(),
  });
  /** An assertion in a function of the test has failed: that is no failure of the attempt. */
  failedAssertion: Error | null = null;

  constructor(clock: VirtualClock, { secrets, handlerTimeoutMs = HANDLER_MS }: WorkflowTestOptions) {
    this.#clock = clock;
    this.#secrets = secrets ? given(secrets) : BY_NAME;
    this.#handlerMs = handlerTimeoutMs;
  }

  /** What comes of it, and what it has told until then. */
  async perform({ play, node, message, input, place }: Work, { cut }: Span): Promise<Performed> {
    if (cut) return { outcome: stoppedOutcome(AbortSignal.abort(cut), node) ?? unreachable(), told: null };
    const stop = new AbortController();
    const executor = { type: node.uses ?? node.type, run: (call: ExecutorCall) => this.#run(play, call, place) };
    const deps = { files: this.#files, secrets: this.#secrets, clock: this.#clock, log: SILENT };
    const ear = createEar({ ...deps, message });
    const secretPaths = node.template?.secretPaths ?? [];
    const attempt = { message, node, stop, memo: null, voice: ear.voice };
    const called = callExecutor(deps, { attempt, executor, input, secretPaths });
    const outcome = (await this.#inTime(called, place)) ?? unreachable();
    return { outcome, told: ear.told() };
  }

  async #run(play: Play, call: ExecutorCall, place: CallPlace): Promise<Outcome> {
    switch (play.kind) {
      case 'returns': {
        const { output, stateUpdates, goto, usage } = structuredClone(play);
        return {
          kind: 'succeeded',
          output,
          ...(stateUpdates && { stateUpdates }),
          ...(goto && { goto }),
          ...(usage && { usage }),
        };
      }
      case 'fails': {
        const { error, retryAfterMs, usage } = structuredClone(play);
        return { kind: 'failed', error, ...(retryAfterMs !== undefined && { retryAfterMs }), ...(usage && { usage }) };
      }
      case 'executes':
        return play.executor.run(call);
      case 'does':
        return handlerExecutor(place.node, async (input, context) => {
          try {
            return await play.call(input, { ...context, ...place });
          } catch (error) {
            if (isAssertion(error)) this.failedAssertion ??= error;
            throw error;
          }
        }).run(call);
      default:
        return unreachable();
    }
  }

  async #inTime<T>(work: Promise<T>, { node, key }: CallPlace): Promise<T> {
    const { promise, reject } = Promise.withResolvers<never>();
    const message = `the function of node "${node}" (task ${key}) did not return within ${this.#handlerMs} ms of real time`;
    const timer = setTimeout(() => reject(new WorkflowTestError('handler_slow', message)), this.#handlerMs);
    try {
      return await Promise.race([work, promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** When the attempt ends in virtual time, counted from its start. */
export function spanOf(play: Timing, timing: Timing, node: Pick<GraphNode, 'timeoutMs' | 'heartbeatMs'>): Span {
  const ms = toMs(play.takes ?? timing.takes ?? 0);
  const isHeard = play.beats ?? timing.beats ?? false;
  const silence = isHeard || node.heartbeatMs === null ? Number.POSITIVE_INFINITY : node.heartbeatMs;
  if (ms > silence && silence < node.timeoutMs) return { ms: silence, cut: 'heartbeat_timeout' };
  return ms > node.timeoutMs ? { ms: node.timeoutMs, cut: 'timeout' } : { ms, cut: null };
}

function given(secrets: Readonly<Record<string, string>>): Secrets {
  const env = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`WEFT_SECRET_${name}`, value]));
  return { resolve: (input, pointers) => resolveSecrets(input, pointers, env), redact, redactOutcome, redactText };
}

const BY_NAME: Secrets = {
  resolve: (input) => ({ kind: 'resolved', input, secrets: [] }),
  redact: (value) => value,
  redactOutcome: (outcome) => outcome,
  redactText: () => null,
};

function isAssertion(error: unknown): error is Error {
  return (
    error instanceof Error && (error.name === 'AssertionError' || ('code' in error && error.code === 'ERR_ASSERTION'))
  );
}

function unreachable(): never {
  throw new Error('this attempt has no outcome');
}
