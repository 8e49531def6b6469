/** What went wrong on the way to Postgres or in it, and whether the same again may succeed. */
import { StoreError } from '@weft/engine/ports';
import { DatabaseError } from 'pg';

/** `connect`: nothing was sent. `commit`: a commit was sent, or is implied. */
export type Phase = { during: 'connect' | 'work' | 'commit' };

/**
 * Classes of SQLSTATEs that say nothing about what was to be stored: connections, transactions, locks, room, rights, a
 * schema of another version. All others are a verdict on the data and will come again.
 */
const NOT_THE_DATA = new Set(['08', '0A', '25', '26', '28', '3D', '40', '42', '53', '55', '57', '58']);

/** Corrupted blocks, which are no verdict on the data that was to be stored either. */
const CORRUPTED = new Set(['XX001', 'XX002']);

/** Says 08 although it is our message that cannot be read. */
const MALFORMED_MESSAGE = '08P01';

/** The server ends the session, or cannot be reached. */
const SESSION_ENDS = /^(08|57P|25P03|40003)/;

export function toStoreError(error: unknown, { during }: Phase): StoreError {
  if (error instanceof StoreError) return error;
  const transient = during === 'connect' || isTransient(error);
  const outcomeUnknown = during === 'commit' && transient && breaksOff(error);
  const message = error instanceof Error ? error.message : String(error);
  return new StoreError(message, { transient, outcomeUnknown, cause: error });
}

/** The connection cannot be used again: it is gone, or its prepared statements are not what the driver takes them for. */
export function isBroken(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return true;
  const { code = '', severity } = error;
  return severity === 'FATAL' || severity === 'PANIC' || /^(08|26|0A)/.test(code);
}

function isTransient(error: unknown): boolean {
  if (error instanceof DatabaseError) {
    const { code = '' } = error;
    return code !== MALFORMED_MESSAGE && (NOT_THE_DATA.has(code.slice(0, 2)) || CORRUPTED.has(code));
  }
  // What cannot even be put into a message (too long a text) is no lost connection.
  return !(error instanceof RangeError) && !(error instanceof TypeError);
}

function breaksOff(error: unknown): boolean {
  return !(error instanceof DatabaseError) || SESSION_ENDS.test(error.code ?? '');
}

/** A row that should be new is there already. */
export function isDuplicate(error: unknown): boolean {
  return error instanceof StoreError && error.cause instanceof DatabaseError && error.cause.code === '23505';
}

/** A table is named that is not there any more: partitions are dropped. */
export function isTableGone(error: unknown): boolean {
  return error instanceof StoreError && error.cause instanceof DatabaseError && error.cause.code === '42P01';
}
