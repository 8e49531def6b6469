import type { Json } from '@weft/contract';

/**
 * A parameter as Postgres reads it: text, numbers and booleans as they are, a list as an array, an object as JSON. What it
 * means is for the statement to say (`$1::int[]`), and none of it is ever part of the statement.
 */
export function sqlParam(value: Json): string | null {
  if (value === null) return null;
  if (Array.isArray(value)) return arrayText(value);
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

function arrayText(items: readonly Json[]): string {
  const texts = items.map((item) => {
    if (item === null) return 'NULL';
    return Array.isArray(item) ? arrayText(item) : quoted(sqlParam(item) ?? '');
  });
  return `{${texts.join(',')}}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}
