/** `${reference}` in plain text: `$${` is a literal `${`. */
import { ExpressionError } from './expression-error.ts';
import { parseReference } from './reference.ts';
import type { Reference } from './scope.ts';

/** Literal text, or the reference whose value stands there. */
export type Part = string | Reference;

/** Splits a text into literal text and references, in order. Throws `bad_template`. */
export function splitReferences(text: string): Part[] {
  const parts: Part[] = [];
  let literal = '';
  let at = 0;
  for (let next = text.indexOf('${'); next >= 0; next = text.indexOf('${', at)) {
    if (next > at && text[next - 1] === '$') {
      literal += `${text.slice(at, next - 1)}\${`;
      at = next + 2;
      continue;
    }
    const end = text.indexOf('}', next);
    if (end < 0) throw new ExpressionError('bad_template', '${ without }; write $${ for a literal ${');
    literal += text.slice(at, next);
    if (literal !== '') parts.push(literal);
    literal = '';
    parts.push(parseReference(text.slice(next + 2, end)));
    at = end + 1;
  }
  literal += text.slice(at);
  if (literal !== '' || parts.length === 0) parts.push(literal);
  return parts;
}
