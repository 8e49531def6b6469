import { JsonValue } from '@weft/contract';
import { z } from 'zod';

const MIB = 1_048_576;

/** Rows that an answer may have at most, whatever `maxRows` says. */
export const MAX_ROWS = 100_000;

/** The longest that a statement may take: an hour. */
const MAX_TIMEOUT_MS = 3_600_000;

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$/;

/** The input of the `sql` executor. */
export const sqlInput = z
  .strictObject({
    // What is wrong with it is never told with its text, which holds a password.
    connection: z.string().refine(isPostgresUrl, 'expected a secret with a postgres:// URL'),
    statement: z
      .string()
      .min(1)
      .max(100_000)
      .refine((text) => !text.includes('\0'), 'a statement holds no NUL'),
    params: z.array(JsonValue).max(1000).default([]),
    readOnly: z.boolean().default(true),
    once: z
      .string()
      .regex(IDENTIFIER, 'expected the name of a table, or schema.table')
      .optional()
      .meta({ description: 'A table that remembers which task has been done, so that a repeat changes nothing' }),
    rowsAs: z.enum(['objects', 'lists']).default('objects'),
    maxRows: z.int().min(1).max(MAX_ROWS).default(1000),
    maxBytes: z
      .int()
      .min(1)
      .max(10 * MIB)
      .default(MIB),
    timeoutMs: z.int().min(1).max(MAX_TIMEOUT_MS).default(30_000),
  })
  .superRefine(({ readOnly, once }, context) => {
    if (once === undefined || !readOnly) return;
    context.addIssue({ code: 'custom', path: ['once'], message: 'goes with readOnly: false only' });
  });

export type SqlInput = z.output<typeof sqlInput>;

function isPostgresUrl(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'postgres:' || url.protocol === 'postgresql:') && url.hostname !== '';
}
