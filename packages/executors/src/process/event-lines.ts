/** What a command tells watchers while it runs: lines of JSON on a pipe of its own. */
import type { Readable } from 'node:stream';

import { JsonRecord, JsonValue } from '@weft/contract';
import type { ExecutorCall } from '@weft/engine/ports';
import { z } from 'zod';

import { messageOf } from '../failure.ts';
import { readLines } from './read-lines.ts';

/** The command's file descriptor, and the variable that names it. */
export const EVENTS_FD = 3;
export const EVENTS_VARIABLE = 'WEFT_EVENTS_FD';

const line = z.union(
  [
    z.strictObject({ custom: JsonValue }),
    z.strictObject({ token: z.string(), metadata: JsonRecord.optional() }),
    z.strictObject({ progress: JsonValue }),
  ],
  'expected { "custom": ... }, { "token": "..." } or { "progress": ... }',
);

const SHOWN_CHARS = 200;
/** Lines that mean nothing are logged so often. */
const MOST_WARNINGS = 5;

/** Of a longer line nothing is kept. */
const MOST_LINE_BYTES = 1024 * 1024;

/** What a command can tell with. */
export type Teller = Pick<ExecutorCall, 'emit' | 'token' | 'heartbeat' | 'log'>;

/** Tells what comes; a line that means nothing, or is longer than a MiB, is logged and left out. */
export function tellLines(pipe: Readable, call: Teller): void {
  let bad = 0;
  readLines(pipe, MOST_LINE_BYTES, (text) => {
    if (text?.trim() === '') return;
    const problem = text === null ? `it is longer than ${MOST_LINE_BYTES} bytes` : tellLine(text, call);
    if (problem === null) return;
    bad += 1;
    if (bad > MOST_WARNINGS) return;
    call.log('warn', `a line of events was left out: ${problem}`, text === null ? {} : { line: shown(text) });
  });
}

function tellLine(text: string, call: Teller): string | null {
  try {
    return tellEvent(JSON.parse(text), call);
  } catch (error) {
    return messageOf(error);
  }
}

/** Tells an event; says why it could not be told, or null. */
export function tellEvent(value: unknown, { emit, token, heartbeat }: Teller): string | null {
  const parsed = line.safeParse(value);
  if (!parsed.success) return parsed.error.issues[0]?.message ?? 'it is no event';
  const event = parsed.data;
  if ('token' in event) token(event.token, event.metadata);
  else if ('progress' in event) heartbeat(event.progress);
  else emit(event.custom);
  return null;
}

function shown(text: string): string {
  return text.slice(0, SHOWN_CHARS).toWellFormed();
}
