import type { Json, JsonObject } from '@weft/contract';

import type { Failure } from '../failure.ts';
import { failure, messageOf } from '../failure.ts';
import { networkCause, tooLarge } from '../http/http-failure.ts';
import { isTooLarge } from './bounded-fetch.ts';
import type { McpServer } from './mcp-server.ts';

/** JSON-RPC: the server itself is at fault, and may do better. */
const INTERNAL_ERROR = -32_603;
const SCARCE = new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM']);
const MOST_BYTES = 12_000_000;

/** What went wrong, and whether the server is of any more use. */
export type McpTrouble = { failure: Failure; isBroken: boolean };

/** What an error means that the library threw; `server` is the one that it happened with, if there was one. */
export function mcpTrouble(error: unknown, server: McpServer | null): McpTrouble {
  const end = server?.stdio?.end;
  const { code, status } = codesOf(error);
  if (end?.tooLarge || isTooLarge(error)) return broken(tooLarge(MOST_BYTES));
  if (end?.cause) return broken(notStarted(end.cause));
  if (isMisfit(error)) return { failure: badAnswer(error, server), isBroken: false };
  if (typeof code === 'number') return { failure: answeredError(error, code), isBroken: false };
  if (status !== null) return broken(refused(error, status));
  if (code === 'REQUEST_TIMEOUT' && !end?.garbage) {
    return broken(
      failure('mcp_timeout', 'The MCP server has said nothing for too long', {
        retryable: true,
        details: saidBy(server),
      }),
    );
  }
  if (code === 'UNSUPPORTED_RESULT_TYPE') {
    return { failure: failure('mcp_needs_input', 'The tool asks back, which is not answered here'), isBroken: false };
  }
  if (code === 'INVALID_RESULT' || end?.garbage) return broken(badAnswer(error, server));
  if (end) return broken(died(server));
  const cause = networkCause(rootOf(error));
  if (cause.code === 'address_refused')
    return broken(failure(cause.code, `The MCP server is not asked: ${cause.message}`));
  if (typeof cause.code !== 'string' || !SYSTEM_CODE.test(cause.code)) return broken(badAnswer(error, server));
  return broken(
    failure('network_error', `The MCP server gave no answer: ${cause.message}`, {
      retryable: true,
      details: { cause: cause.code },
    }),
  );
}

/** Of the system or of the HTTP client; the library has codes of its own. */
const SYSTEM_CODE = /^(E[A-Z0-9]+|UND_ERR_\w+)$/;

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}

/** What a tool returned breaks the schema that it has given for that; the library tells it as if the server had. */
function isMisfit(error: unknown): boolean {
  return /structured content|output schema/i.test(messageOf(error)) && codesOf(error).code === -32_602;
}

function broken(what: Failure): McpTrouble {
  return { failure: what, isBroken: true };
}

function notStarted(cause: string): Failure {
  if (cause === 'ENOENT')
    return failure('command_not_found', 'There is no such command, or no such cwd', { details: { cause } });
  return failure('command_not_started', `The command could not be started: ${cause}`, {
    retryable: SCARCE.has(cause),
    details: { cause },
  });
}

function answeredError(error: unknown, code: number): Failure {
  return failure('mcp_error', `The MCP server answers with an error: ${messageOf(error)}`, {
    retryable: code === INTERNAL_ERROR,
    details: { code },
  });
}

function refused(error: unknown, status: number): Failure {
  const retryable = status >= 500 || status === 429 || status === 408;
  return failure('http_status', `The MCP server answered ${status}: ${messageOf(error)}`, {
    retryable,
    details: { status },
  });
}

function badAnswer(error: unknown, server: McpServer | null): Failure {
  return failure('mcp_bad_answer', `The MCP server gave no valid answer: ${messageOf(error)}`, {
    retryable: true,
    details: saidBy(server),
  });
}

function died(server: McpServer | null): Failure {
  const { exitCode = null, signal = null } = server?.stdio?.end ?? {};
  const how = signal === null ? `with exit code ${exitCode}` : `by ${signal}`;
  return failure('mcp_server_died', `The MCP server ended ${how} before it had answered`, {
    retryable: true,
    details: { exitCode, signal, ...saidBy(server) },
  });
}

function saidBy(server: McpServer | null): JsonObject {
  const { stderr = '', garbage = '' } = server?.stdio?.end ?? {};
  return { ...(stderr !== '' && { stderr }), ...(garbage !== '' && { output: garbage }) };
}

/** Of the library's errors: the code of JSON-RPC or its own, and the status of HTTP. */
function codesOf(error: unknown): { code: Json; status: number | null } {
  if (!(error instanceof Error)) return { code: null, status: null };
  const code =
    'code' in error && (typeof error.code === 'number' || typeof error.code === 'string') ? error.code : null;
  const data = 'data' in error && typeof error.data === 'object' && error.data !== null ? error.data : {};
  const status = 'status' in data && typeof data.status === 'number' ? data.status : null;
  return { code, status };
}
