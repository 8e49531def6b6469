/** Rows to write, each with the run that it belongs to. */
import type { Plan } from '@weft/engine/ports';

import { arrayText } from '../array-text.ts';
import type { Element } from '../array-text.ts';
import type { Client } from '../connection.ts';

/** A run with what was decided for it at `now`, epoch ms. */
export type PlannedRun = { runId: string; plan: Plan; now: number };

export type Decision = Plan['decision'];

export type Tagged<Row> = { run: PlannedRun; row: Row };

/** Sends the statement unless there are no rows; the run's id is the first column, the others are functions of a row. */
export function sendRows<Row>(
  client: Client,
  rows: readonly Tagged<Row>[],
  statement: { name: string; text: string; columns: ((row: Row, run: PlannedRun) => Element)[] },
): Promise<unknown>[] {
  if (rows.length === 0) return [];
  const { name, text, columns } = statement;
  const runIds = rows.map(({ run }) => run.runId);
  const values = columns.map((of) => rows.map(({ row, run }) => of(row, run)));
  return [client.query({ name, text, values: [runIds, ...values].map(arrayText) })];
}
