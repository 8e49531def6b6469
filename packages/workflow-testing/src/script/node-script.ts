import type { Json, Usage } from '@weft/contract';

import { toMs } from '../duration.ts';
import type { Duration } from '../duration.ts';
import type { CallFunction, FailureOptions, Play, ScriptedFailure, SuccessOptions, Timing } from './play.ts';

/**
 * What the attempts of one node do. Those that are said to happen so often (`returnsOnce`, `fails(..., 2)`, `crashes`) come
 * first, in the order in which they were said; what holds for all others is what was said last.
 */
export class NodeScript {
  readonly #queue: Play[] = [];
  #rest: Play | null = null;
  #timing: Timing = {};
  #begun = 0;

  /** Every attempt succeeds with this output. */
  returns(output: Json, options: SuccessOptions = {}): this {
    this.#rest = success(output, options);
    return this;
  }

  /** The next attempt succeeds with this output. */
  returnsOnce(output: Json, options: SuccessOptions = {}): this {
    this.#queue.push(success(output, options));
    return this;
  }

  /** Attempts fail: so many of them, or all. Without `retryable: false` the node's retry policy decides what follows. */
  fails(failure: ScriptedFailure = {}, times: number | FailureOptions = {}): this {
    const { times: count, retryAfter, usage, ...timing } = typeof times === 'number' ? { times } : times;
    const {
      code = 'scripted_failure',
      message = `the script of the test says that it fails`,
      retryable = true,
      details,
    } = failure;
    const play: Play = {
      ...timing,
      kind: 'fails',
      error: { code, message, retryable, ...(details && { details }) },
      ...(retryAfter !== undefined && { retryAfterMs: toMs(retryAfter) }),
      ...(usage && { usage: wholeUsage(usage) }),
    };
    return this.#say(play, count);
  }

  /** The worker is lost while it runs the next attempt, or the next few. The third crash of a task is its end (`poison`). */
  crashes(times = 1, timing: Timing = {}): this {
    return this.#say({ ...timing, kind: 'crashes' }, times);
  }

  /** Every attempt runs the function: it takes the rendered input, and may be a handler of yours. */
  does(call: CallFunction, timing: Timing = {}): this {
    this.#rest = { ...timing, kind: 'does', call };
    return this;
  }

  doesOnce(call: CallFunction, timing: Timing = {}): this {
    this.#queue.push({ ...timing, kind: 'does', call });
    return this;
  }

  /** No worker takes the task: it waits until its `queueTimeoutMs` is over, or for ever. */
  isNotTaken(times?: number): this {
    return this.#say({ kind: 'waits' }, times);
  }

  /** Every attempt takes this long in virtual time, unless its own options say otherwise. */
  takes(duration: Duration, { beats }: Pick<Timing, 'beats'> = {}): this {
    toMs(duration);
    this.#timing = { takes: duration, ...(beats !== undefined && { beats }) };
    return this;
  }

  /** How many attempts have begun. */
  get calls(): number {
    return this.#begun;
  }

  /** For the machinery: what the attempt that begins now does; null if nothing is said of it. */
  next(): { play: Play | null; timing: Timing; call: number } {
    const play = this.#queue.shift() ?? this.#rest;
    this.#begun += 1;
    return { play, timing: this.#timing, call: this.#begun - 1 };
  }

  /** For the machinery: the attempt was lost before its end, so what it was to do is for the one that comes after it. */
  giveBack(play: Play): void {
    if (play !== this.#rest) this.#queue.unshift(play);
  }

  #say(play: Play, times: number | undefined): this {
    if (times === undefined) this.#rest = play;
    else for (let i = 0; i < times; i++) this.#queue.push(play);
    return this;
  }
}

function success(output: Json, { goto, usage, ...rest }: SuccessOptions): Play {
  return {
    ...rest,
    kind: 'returns',
    output,
    ...(goto !== undefined && { goto: typeof goto === 'string' ? [goto] : goto }),
    ...(usage && { usage: wholeUsage(usage) }),
  };
}

function wholeUsage(usage: Partial<Usage>): Usage {
  return { inputTokens: 0, outputTokens: 0, usd: 0, ...usage };
}
