/**
 * Arrays as Postgres reads them, in text form. The driver would do it as well, but quotes and copies every number; rows
 * travel as one array a column, so this is the bulk of what a write costs here.
 */

export type Element = string | number | boolean | null | undefined;

const NEEDS_ESCAPE = /["\\]/;
const ESCAPED = /["\\]/g;

/** A one-dimensional array of numbers, truth values, texts, ids or JSON texts; null and undefined are SQL's null. */
export function arrayText(values: readonly Element[]): string {
  let text = '{';
  for (let index = 0; index < values.length; index++) {
    if (index > 0) text += ',';
    text += elementText(values[index]);
  }
  return `${text}}`;
}

function elementText(value: Element): string {
  if (value === null || value === undefined) return 'NULL';
  if (typeof value === 'number') return `${value}`;
  if (typeof value === 'boolean') return value ? 't' : 'f';
  return NEEDS_ESCAPE.test(value) ? `"${value.replace(ESCAPED, '\\$&')}"` : `"${value}"`;
}
