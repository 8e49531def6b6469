/** What a check of the doctor has to work with, and how it says what it found. */
import type { Finding } from '@weft/contract';
import type { ClientBase, QueryResultRow } from 'pg';

export type Examination = {
  /** Runs one statement, which may take no longer than the examination allows. */
  ask: <Row extends QueryResultRow>(text: string, values?: unknown[]) => Promise<Row[]>;
  /** After what silence a worker is dead, ms. */
  deadAfterMs: number;
  /** The release of whoever asks. */
  version: string;
};

export type Check = { name: string; look: (examination: Examination) => Promise<Finding | readonly Finding[]> };

/** Places shown of one finding. */
const SHOWN = 5;

export function askOf(client: ClientBase): Examination['ask'] {
  return async <Row extends QueryResultRow>(text: string, values: unknown[] = []) =>
    (await client.query<Row>(text, values)).rows;
}

/** The first few, and how many more there are. */
export function placesOf(rows: readonly string[]): string[] {
  return rows.length <= SHOWN ? [...rows] : [...rows.slice(0, SHOWN), `and ${rows.length - SHOWN} more`];
}

/** A finding of `level` for rows that should not be there, else one that says that all is well. */
export function unless(
  rows: readonly string[],
  { check, level, fine, what, advice }: Omit<Finding, 'where'> & { fine: string; advice: string },
): Finding {
  if (rows.length === 0) return { check, level: 'ok', what: fine };
  return { check, level, what, where: placesOf(rows), advice };
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(0)} MiB`;
}
