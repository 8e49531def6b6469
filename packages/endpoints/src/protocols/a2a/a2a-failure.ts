import { A2AError } from '@a2a-js/sdk/errors';
import { messageOf } from '@weft/executors/failure';

import type { Failed } from '../result.ts';
import { failed } from '../result.ts';
import { RefusedError } from './bounded-fetch.ts';
import { taskLost } from './tasks-send-agent.ts';

/** By name, since each entry point of the SDK has classes of its own. */
const OF_THE_REQUEST = new Set(['RequestMalformedError', 'ContentTypeNotSupportedError']);
const OF_THE_VERSION = new Set([
  'UnsupportedOperationError',
  'VersionNotSupportedError',
  'ExtensionSupportRequiredError',
]);

const METHOD_NOT_FOUND = -32601;

/** What an error of an agent, or of the SDK on its behalf, means. */
export function a2aFailure(error: unknown): Failed {
  const refusal = refusalIn(error);
  if (refusal !== null) return refusal.failed;
  const message = messageOf(error);
  if (!(error instanceof A2AError)) {
    return failed('bad_response', `The answer is none of A2A: ${message}`, { retryable: true, isFault: true });
  }
  if (error.name === 'TaskNotFoundError') return taskLost();
  const isOfRequest = OF_THE_REQUEST.has(error.name);
  return failed('endpoint_error', `The agent reports: ${message}`, {
    retryable: !isOfRequest && !OF_THE_VERSION.has(error.name),
    isFault: !isOfRequest,
    details: { code: error.reason },
  });
}

/** Whether the agent does not know the way it is spoken to. */
export function isUnknownMethod(error: unknown): boolean {
  return error instanceof Error && 'envelopeCode' in error && error.envelopeCode === METHOD_NOT_FOUND;
}

/** Libraries wrap what is thrown. */
function refusalIn(error: unknown): RefusedError | null {
  if (error instanceof RefusedError) return error;
  return error instanceof Error && error.cause !== undefined ? refusalIn(error.cause) : null;
}
