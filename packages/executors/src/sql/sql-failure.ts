import type { Json, JsonObject } from '@weft/contract';

import type { Failure } from '../failure.ts';
import { failure, messageOf } from '../failure.ts';
import { BatchTooLargeError } from './portal.ts';

/** Classes of SQLSTATE that may pass by themselves: connection, transaction rollback, resources, operator, system. */
const PASSING_CLASSES = new Set(['08', '40', '53', '57', '58']);
/** A lock that was not available. */
const PASSING_STATES = new Set(['55P03', '55006']);

const SHOWN = ['hint', 'constraint', 'schema', 'table', 'column', 'position'] as const;
const SHOWN_CHARS = 500;

/**
 * What an error of the database or of the way to it means: `sql_read_only`, `sql_multiple_statements`, `sql_timeout`,
 * `sql_unauthorized`, `sql_rows_too_large`, else `sql_error` with its SQLSTATE; `network_error` where there was no answer.
 */
export function sqlFailure(error: unknown): Failure {
  if (error instanceof BatchTooLargeError) {
    return failure('sql_rows_too_large', 'The rows are larger than a worker may hold: select less of them');
  }
  const state = stateOf(error);
  if (state === null) {
    const cause = systemCode(error);
    return failure('network_error', `The database gave no answer: ${messageOf(error)}`, {
      retryable: true,
      details: { cause },
    });
  }
  const message = messageOf(error);
  const code = codeOf(state, message);
  return failure(code, `${MESSAGES[code] ?? 'The database refuses'}: ${message}`, {
    retryable: mayPass(state, message),
    details: { sqlstate: state, ...shownOf(error) },
  });
}

/** What is wrong with the request itself (`08P01`), or was given up by it (a `copy`), stays wrong. */
function mayPass(state: string, message: string): boolean {
  if (state === '08P01' || (state === '57014' && !message.startsWith('canceling'))) return false;
  return PASSING_STATES.has(state) || PASSING_CLASSES.has(state.slice(0, 2));
}

const MESSAGES: Readonly<Record<string, string>> = {
  sql_read_only: 'The statement writes, and readOnly is not false',
  sql_multiple_statements: 'One statement at a time',
  sql_timeout: 'The statement took longer than timeoutMs',
  sql_unauthorized: 'The database refuses the connection',
};

function codeOf(state: string, message: string): string {
  if (state === '25006') return 'sql_read_only';
  if (state === '42601' && /multiple commands/.test(message)) return 'sql_multiple_statements';
  if (state === '57014' && /statement timeout/.test(message)) return 'sql_timeout';
  return state.startsWith('28') ? 'sql_unauthorized' : 'sql_error';
}

function stateOf(error: unknown): string | null {
  const code = systemCode(error);
  // Errors of the system have names as codes (ECONNREFUSED).
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && 'severity' in (error as object) ? code : null;
}

function systemCode(error: unknown): Json {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function shownOf(error: unknown): JsonObject {
  const fields = error as Partial<Record<(typeof SHOWN)[number], unknown>>;
  const told = SHOWN.map((name) => [name, fields[name]] as const).filter(([, value]) => typeof value === 'string');
  return Object.fromEntries(told.map(([name, value]) => [name, String(value).slice(0, SHOWN_CHARS)]));
}
