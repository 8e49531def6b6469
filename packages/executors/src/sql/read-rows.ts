import type { Json, JsonObject } from '@weft/contract';

import type { Field, Portal, RawRow } from './portal.ts';
import type { SqlInput } from './sql-input.ts';
import { sqlType } from './sql-value.ts';

/** Rows asked for at once, at most. */
const MOST_AT_ONCE = 500;

/** The rows that were read; `truncated` says which limit ended it where there are more. */
export type ReadRows = {
  rows: (JsonObject | Json[])[];
  columns: { name: string; type: string }[];
  truncated: 'rows' | 'bytes' | null;
  /** The tag of the statement, null where it was not read to its end. */
  command: string | null;
};

type Limits = Pick<SqlInput, 'maxRows' | 'maxBytes' | 'rowsAs'>;

/** Reads rows up to the limits; `onBatch` is called as they come. */
export async function readRows(
  portal: Portal,
  fields: readonly Field[],
  { maxRows, maxBytes, rowsAs, onBatch }: Limits & { onBatch: (rows: number) => void },
): Promise<ReadRows> {
  const types = fields.map(({ dataTypeID }) => sqlType(dataTypeID));
  const columns = fields.map(({ name }, at) => ({ name, type: types[at]?.name ?? '' }));
  const toRow = (row: RawRow): JsonObject | Json[] => {
    const values = row.map((text, at) => (text === null ? null : (types[at]?.read(text) ?? null)));
    if (rowsAs === 'lists') return values;
    return Object.fromEntries(values.map((value, at) => [columns[at]?.name ?? '', value]));
  };
  const rows: ReadRows['rows'] = [];
  let bytes = 0;
  let size = 1;
  for (;;) {
    const batch = await portal.read(Math.min(size, maxRows - rows.length + 1));
    for (const row of batch.rows) {
      if (rows.length >= maxRows) return { rows, columns, truncated: 'rows', command: null };
      bytes += bytesOf(row);
      if (bytes > maxBytes) return { rows, columns, truncated: 'bytes', command: null };
      rows.push(toRow(row));
    }
    onBatch(rows.length);
    if (batch.isEnd) return { rows, columns, truncated: null, command: batch.command };
    // So many of the rows so far as there is room for.
    size = Math.min(MOST_AT_ONCE, 1 + Math.floor((maxBytes - bytes) / Math.max(1, bytes / rows.length)));
  }
}

/** As text, with what each value takes in JSON beside it. */
function bytesOf(row: RawRow): number {
  return row.reduce((sum, text) => sum + 4 + Buffer.byteLength(text ?? ''), 2);
}
