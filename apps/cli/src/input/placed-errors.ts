import type { ProblemItem } from '@weft/contract';
import { type Locate, withLocations } from '@weft/formats';
import type { ApiError } from '@weft/sdk';

const PREFIX = '/workflow';

/**
 * The errors that a server found in a document which went out inside a request, with their places in its file; null if
 * the request was refused for another reason.
 */
export function placedErrors({ code, problem }: ApiError, locate: Locate): ProblemItem[] | null {
  if (code !== 'invalid_document') return null;
  const errors = problem.errors.map(({ code: itemCode, message, pointer }) => ({
    code: itemCode,
    message,
    pointer: pointer === PREFIX || pointer.startsWith(`${PREFIX}/`) ? pointer.slice(PREFIX.length) : pointer,
  }));
  return withLocations(errors, locate);
}
