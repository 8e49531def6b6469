import type { Json } from '@weft/contract';
import { plainText } from './plain-text.ts';

/** A value as people read it: text as it is, anything else as JSON; safe for a terminal if it goes to one. */
export function blockText(value: Json, toTerminal: boolean): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return toTerminal ? text.split('\n').map(plainText).join('\n') : text;
}
