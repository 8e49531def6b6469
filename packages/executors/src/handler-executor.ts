import type { Json } from '@weft/contract';
import { cleanJson } from '@weft/engine/domain';
import type { Executor, ExecutorCall, Outcome } from '@weft/engine/ports';

import { aborted, failure, messageOf } from './failure.ts';
import { MAX_RETRY_AFTER_MS } from './http/retry-after.ts';
import { readResult } from './result-control.ts';

/** How long a handler may clean up after its signal; then its attempt ends without it. */
const GRACE_MS = 900;

/** How large and how deep a result may be is for whoever stores it to say. */
const NO_LIMITS = { maxBytes: Number.POSITIVE_INFINITY, maxDepth: Number.POSITIVE_INFINITY };

const CODE = /^[a-z][a-z0-9_]{0,63}$/;

/** What a handler may use while it runs. */
export type HandlerContext = Pick<
  ExecutorCall,
  'signal' | 'runId' | 'taskId' | 'attempt' | 'idempotencyKey' | 'log' | 'heartbeat' | 'emit' | 'token' | 'artifacts'
>;

/** A user's function: takes the node's rendered `with`, returns the output or a result with control. */
export type Handler = (input: Json, ctx: HandlerContext) => unknown;

/**
 * Makes an executor of type `handler:NAME` out of a function. What it returns becomes JSON (a date its ISO text,
 * `undefined` null) or fails with `output_not_json` or `output_too_deep`. What it throws fails the attempt with `handler_failed`, retryable; the error may say
 * otherwise with `code` (snake_case), `retryable: false` and `retryAfterMs`.
 */
export function handlerExecutor(name: string, handler: Handler): Executor {
  return {
    type: `handler:${name}`,
    async run(call) {
      if (call.signal.aborted) return aborted(call.signal);
      const outcome = attempt(handler, call);
      const limit = graceAfterAbort(call);
      try {
        return await Promise.race([outcome, limit.expired]);
      } finally {
        limit.clear();
      }
    },
  };
}

async function attempt(handler: Handler, call: ExecutorCall): Promise<Outcome> {
  const { input, attempt: number, ...rest } = call;
  const { signal, runId, taskId, idempotencyKey, log, heartbeat, emit, token, artifacts } = rest;
  const context = { signal, runId, taskId, attempt: number, idempotencyKey, log, heartbeat, emit, token, artifacts };
  try {
    const returned = await handler(input, context);
    // Also after an abort: what is done is done, and the fence decides whether it counts.
    return settled(returned);
  } catch (error) {
    return signal.aborted ? aborted(signal) : thrown(error);
  }
}

function settled(returned: unknown): Outcome {
  const cleaned = cleanJson(returned, NO_LIMITS);
  return cleaned.ok ? readResult(cleaned.value) : failure(cleaned.code, `The handler's result: ${cleaned.message}`);
}

function thrown(error: unknown): Outcome {
  const hints = typeof error === 'object' && error !== null ? error : {};
  const code = 'code' in hints && typeof hints.code === 'string' && CODE.test(hints.code) ? hints.code : undefined;
  const retryable = !('retryable' in hints && hints.retryable === false);
  return failure(code ?? 'handler_failed', messageOf(error), { retryable, retryAfterMs: pauseOf(hints) });
}

function pauseOf(hints: object): number | undefined {
  if (!('retryAfterMs' in hints) || typeof hints.retryAfterMs !== 'number' || !(hints.retryAfterMs >= 0))
    return undefined;
  return Math.min(Math.ceil(hints.retryAfterMs), MAX_RETRY_AFTER_MS);
}

function graceAfterAbort({ signal, log }: ExecutorCall): { expired: Promise<Outcome>; clear: () => void } {
  const { promise: expired, resolve } = Promise.withResolvers<Outcome>();
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () => {
    timer = setTimeout(() => {
      log('warn', 'the handler goes on although its signal was aborted; its result will be ignored');
      resolve(aborted(signal));
    }, GRACE_MS);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  const clear = () => {
    signal.removeEventListener('abort', onAbort);
    clearTimeout(timer);
  };
  return { expired, clear };
}
