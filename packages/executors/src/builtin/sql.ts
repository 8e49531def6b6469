import { JsonValue } from '@weft/contract';
import { z } from 'zod';

import { defineExecutor } from '../define.ts';
import { runSql } from '../sql/run-statement.ts';
import { sqlInput } from '../sql/sql-input.ts';

const output = z.strictObject({
  rows: z.array(z.union([z.record(z.string(), JsonValue), z.array(JsonValue)])),
  columns: z.array(z.strictObject({ name: z.string(), type: z.string() })),
  rowCount: z.int(),
  truncated: z.enum(['rows', 'bytes']).nullable(),
  affected: z.int().nullable(),
  repeated: z.boolean(),
});

export default defineExecutor({
  type: 'sql',
  description: 'Runs one SQL statement with parameters on a Postgres database, read-only unless told otherwise.',
  input: sqlInput,
  output,
  example: {
    connection: 'postgres://reader@127.0.0.1:5432/shop',
    statement: 'select $1::int + 1 as next',
    params: [42],
  },
  async run({ input, signal, heartbeat, idempotencyKey }) {
    const result = await runSql(input, { signal, heartbeat, idempotencyKey });
    if ('kind' in result) return result;
    return { kind: 'succeeded', output: { ...result, rowCount: result.rows.length } };
  },
});
