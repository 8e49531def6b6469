/** Cursors are opaque to clients: what the next page needs, as base64url of JSON. */
import type { z } from 'zod';

import { invalidValue } from './request-problems.ts';

export function encodeCursor(place: object): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** What the cursor holds, checked by `schema`; null without a cursor. Throws AppError `invalid_request`. */
export function decodeCursor<T>(cursor: string | undefined, schema: z.ZodType<T>): T | null {
  if (cursor === undefined) return null;
  const result = schema.safeParse(parse(cursor));
  if (!result.success) throw invalidValue('/query/cursor', 'the cursor must be the nextCursor of the page before');
  return result.data;
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
