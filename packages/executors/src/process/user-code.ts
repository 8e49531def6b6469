/** What a program that runs a user's function says on its pipe: events while it runs, and how the function ended. */
import type { Readable } from 'node:stream';

import type { Json, JsonObject } from '@weft/contract';
import { isObject, JsonRecord, JsonValue } from '@weft/contract';
import { cleanJson } from '@weft/engine/domain';
import type { Outcome } from '@weft/engine/ports';
import { z } from 'zod';

import type { Failure } from '../failure.ts';
import { failure, messageOf } from '../failure.ts';
import { MAX_RETRY_AFTER_MS } from '../http/retry-after.ts';
import { readResult } from '../result-control.ts';
import type { Teller } from './event-lines.ts';
import { tellEvent } from './event-lines.ts';
import { readLines } from './read-lines.ts';

/** How large and how deep a result may be is for whoever stores it to say. */
const NO_LIMITS = { maxBytes: Number.POSITIVE_INFINITY, maxDepth: Number.POSITIVE_INFINITY };

const thrownShape = z.strictObject({
  type: z.string(),
  message: z.string(),
  trace: z.string().default(''),
  code: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,63}$/)
    .optional(),
  retryable: z.boolean().default(true),
  retryAfterMs: z.number().min(0).optional(),
});

const last = z.union([
  z.strictObject({ result: JsonValue, leftovers: z.int().min(0).default(0) }),
  z.strictObject({ error: thrownShape, leftovers: z.int().min(0).default(0) }),
]);

const notes = z.union([
  z.strictObject({
    log: z.strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']),
      message: z.string(),
      fields: JsonRecord.optional(),
    }),
  }),
  z.strictObject({ heartbeat: z.literal(true) }),
]);

/** What a function threw, as its program tells it. */
type Thrown = z.output<typeof thrownShape>;

/** How a function ended; `leftovers`: processes that it had left running and that its program has ended. */
export type FunctionEnd =
  | { kind: 'returned'; result: Json; leftovers: number }
  | { kind: 'threw'; thrown: Thrown; leftovers: number }
  | { kind: 'tooLarge' }
  | { kind: 'unreadable'; why: string };

/** Reads what a program says until its pipe ends: `call()` hears the events, `onEnd` how each function ended. */
export function hearUserCode(
  pipe: Readable,
  { maxBytes, call, onEnd }: { maxBytes: number; call: () => Teller | null; onEnd: (end: FunctionEnd) => void },
): void {
  readLines(pipe, maxBytes, (text) => {
    if (text === null) return onEnd({ kind: 'tooLarge' });
    const teller = call();
    // What is said between two calls belongs to none.
    return text === '' || teller === null ? undefined : hear(text, teller, onEnd);
  });
}

function hear(text: string, teller: Teller, onEnd: (end: FunctionEnd) => void): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return onEnd({ kind: 'unreadable', why: messageOf(error) });
  }
  if (isObject(value) && ('result' in value || 'error' in value)) return onEnd(endOf(value));
  const problem =
    isObject(value) && ('log' in value || 'heartbeat' in value) ? note(value, teller) : tellEvent(value, teller);
  if (problem !== null) teller.log('warn', `an event was left out: ${problem}`);
}

function endOf(value: JsonObject): FunctionEnd {
  const parsed = last.safeParse(value);
  if (!parsed.success) return { kind: 'unreadable', why: parsed.error.issues[0]?.message ?? 'unknown' };
  const { leftovers } = parsed.data;
  if ('error' in parsed.data) return { kind: 'threw', thrown: parsed.data.error, leftovers };
  return { kind: 'returned', result: parsed.data.result, leftovers };
}

/** Why it is no note, or null. */
function note(value: JsonObject, { log, heartbeat }: Teller): string | null {
  const parsed = notes.safeParse(value);
  if (!parsed.success) return parsed.error.issues[0]?.message ?? 'it is none';
  if ('heartbeat' in parsed.data) heartbeat();
  else log(parsed.data.log.level, parsed.data.log.message, parsed.data.log.fields);
  return null;
}

/** The outcome of a function. `code` is the one of an error that has none of its own. */
export function outcomeOf(end: FunctionEnd, { code, maxBytes }: { code: string; maxBytes: number }): Outcome {
  switch (end.kind) {
    case 'returned': {
      const cleaned = cleanJson(end.result, NO_LIMITS);
      return cleaned.ok ? readResult(cleaned.value) : failure(cleaned.code, `The result: ${cleaned.message}`);
    }
    case 'threw':
      return thrownFailure(end.thrown, code);
    case 'tooLarge':
      return failure('output_too_large', `It returned more than ${maxBytes} bytes`, { details: { maxBytes } });
    case 'unreadable':
      return failure('invalid_output', `What it returned cannot be read: ${end.why}`);
    default:
      return end satisfies never;
  }
}

function thrownFailure({ type, message, trace, code, retryable, retryAfterMs }: Thrown, fallback: string): Failure {
  const pause = retryAfterMs === undefined ? undefined : Math.min(Math.ceil(retryAfterMs), MAX_RETRY_AFTER_MS);
  const details = { type, ...(trace === '' ? {} : { trace }) };
  return failure(code ?? fallback, message || type, { retryable, details, retryAfterMs: pause });
}
