import type { JsonObject } from '@weft/contract';
import type { z } from 'zod';

import type { Failure } from './failure.ts';
import { failure } from './failure.ts';

const SHOWN = 20;

/**
 * Turns a failed parse into a failed outcome: `details.errors` lists `{ pointer, message }`, where the pointer (RFC 6901)
 * is relative to the parsed value and names the offending key itself. Not retryable: the same input fails again.
 */
export function validationFailure(code: 'invalid_input' | 'invalid_output', error: z.ZodError): Failure {
  const errors = error.issues.flatMap(pointed).slice(0, SHOWN);
  const what = code === 'invalid_input' ? 'The input' : 'The output';
  const text = errors.map(({ pointer, message }) => (pointer === '' ? message : `${pointer}: ${message}`)).join('; ');
  return failure(code, `${what} does not fit: ${text}`, { details: { errors } });
}

/** A refusal that no schema could make, in the same shape. */
export function invalidInput(pointer: string, message: string): Failure {
  return failure('invalid_input', `The input does not fit: ${pointer}: ${message}`, {
    details: { errors: [{ pointer, message }] },
  });
}

type Pointed = JsonObject & { pointer: string; message: string };

function pointed(issue: z.core.$ZodIssue): Pointed[] {
  if (issue.code !== 'unrecognized_keys') return [{ pointer: toPointer(issue.path), message: issue.message }];
  return issue.keys.map((key) => ({ pointer: toPointer([...issue.path, key]), message: 'unknown key' }));
}

function toPointer(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
