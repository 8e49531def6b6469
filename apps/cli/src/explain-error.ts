/** What a failure means for a person and for a script. */
import { AppError, exitCodes, type ExitCode } from '@weft/contract';
import { ApiError, ConnectionError } from '@weft/sdk';
import { CliError } from './cli-error.ts';

/** `lines`: the message and what to do about it, for people. */
export type Explained = { code: string; message: string; exitCode: ExitCode; lines: string[] };

/** Explains any error; one that nobody expected keeps its stack, since it is a bug. */
export function explainError(error: unknown): Explained {
  if (error instanceof CliError) return explained(error, error.exitCode, [...error.lines]);
  if (error instanceof ConnectionError) {
    const { code, message } = error;
    const hint = 'start a server with "npm start", or name another one with --url';
    return { code, message, exitCode: exitCodes.unreachable, lines: [`${message}; ${hint}`] };
  }
  if (error instanceof ApiError) return explained(error, exitCodeOf(error.status), apiLines(error));
  if (error instanceof AppError) return explained(error, exitCodes.runFailed, []);
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  return { code: 'internal', message, exitCode: exitCodes.runFailed, lines: [`unexpected error: ${stack}`] };
}

/** The exit status for a refusal. */
export function exitCodeOf(status: number): ExitCode {
  switch (status) {
    case 401:
    case 403:
      return exitCodes.auth;
    case 404:
      return exitCodes.notFound;
    case 409:
      return exitCodes.conflict;
    case 400:
    case 413:
    case 422:
      return exitCodes.invalidDocument;
    case 429:
    case 502:
    case 503:
    case 504:
      return exitCodes.unreachable;
    default:
      return exitCodes.runFailed;
  }
}

/** Where it is wrong, and how; what the message says already is not said again. */
function apiLines({ status, message: said, problem }: ApiError): string[] {
  if (status === 401) return ['Give an API key or a token with --token, WEFT_TOKEN or WEFT_TOKEN_FILE.'];
  return problem.errors.flatMap(({ code, pointer, message }) => {
    if (!said.includes(message)) return [`  ${pointer === '' ? '/' : pointer}: ${message} (${code})`];
    return pointer === '' || said.includes(pointer) ? [] : [`  ${pointer} (${code})`];
  });
}

function explained(error: { code: string; message: string }, exitCode: ExitCode, rest: string[]): Explained {
  return { code: error.code, message: error.message, exitCode, lines: [error.message, ...rest] };
}
