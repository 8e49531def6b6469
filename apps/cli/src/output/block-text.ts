import type { Json } from '@weft/contract';
import { plainText } from './plain-text.ts';

/** A terminal gets no more lines of a value; a file or a program gets it whole. */
const MOST_LINES = 200;

/** A value as people read it: text as it is, anything else as JSON; if it goes to a terminal, safe for it and cut. */
export function blockText(value: Json, toTerminal: boolean): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  if (!toTerminal) return text;
  const lines = text.split('\n');
  const shown = lines.slice(0, MOST_LINES).map(plainText);
  const hidden = lines.length - shown.length;
  return [...shown, ...(hidden > 0 ? [`… ${hidden} more lines: send the output to a file to have it whole`] : [])].join(
    '\n',
  );
}
