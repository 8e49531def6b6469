/** Compiles one text that holds Liquid, and possibly `${...}` between it. */
import { TokenKind, Tokenizer, type Template as LiquidTemplate } from 'liquidjs/dist/liquid.browser.mjs';
import type { JsonObject } from '@weft/contract';
import { ExpressionError, firstLine } from './expression-error.ts';
import { splitReferences } from './interpolation.ts';
import { liquid, MAX_SOURCE_LENGTH, MAX_TEXT_LENGTH, renderLiquid } from './liquid-engine.ts';
import { liquidReferences } from './liquid-references.ts';
import { resolveReference, type Reference, type Scope } from './scope.ts';

/** A compiled text; `render` takes `nodes` as projected for the references. */
export type LiquidText = { references: Reference[]; render(scope: Scope, nodes: JsonObject): string };

/** Compiles Liquid. Throws `bad_template`. */
export function compileLiquidText(source: string): LiquidText {
  try {
    if (source.length > MAX_SOURCE_LENGTH) throw new Error(`a text has at most ${MAX_SOURCE_LENGTH} characters`);
    const { text, inserted } = source.includes('${') ? nameReferences(source) : { text: source, inserted: [] };
    const parsed = liquid.parse(text);
    const names = inserted.map((_, i) => insertedName(i));
    const references = [...liquidReferences(parsed, names), ...inserted];
    return { references, render: (scope, nodes) => renderText(parsed, liquidScope(scope, nodes, inserted)) };
  } catch (cause) {
    if (cause instanceof ExpressionError) throw cause;
    throw new ExpressionError('bad_template', firstLine(cause), { cause });
  }
}

/**
 * Gives every `${...}` that stands between Liquid's tags a name, and prints it by that name: its value comes in as data,
 * so that whatever it holds is never read as a template.
 */
function nameReferences(source: string): { text: string; inserted: Reference[] } {
  const inserted: Reference[] = [];
  let text = '';
  let raw = false;
  for (const token of new Tokenizer(source).readTopLevelTokens(liquid.options)) {
    const piece = source.slice(token.begin, token.end);
    text += token.kind === TokenKind.HTML && !raw ? insertNames(piece, inserted) : piece;
    raw = token.kind === TokenKind.Tag && (token as unknown as { name: string }).name === 'raw';
  }
  return { text, inserted };
}

function insertNames(piece: string, inserted: Reference[]): string {
  let text = '';
  for (const part of splitReferences(piece)) {
    text += typeof part === 'string' ? part : `{{${insertedName(inserted.push(part) - 1)}}}`;
  }
  return text;
}

function insertedName(index: number): string {
  return `__reference${index}`;
}

function liquidScope(scope: Scope, nodes: JsonObject, inserted: Reference[]): JsonObject {
  const { input, state, config, item = null } = scope;
  const values: JsonObject = { input, state, nodes, item, config };
  for (const [i, reference] of inserted.entries()) values[insertedName(i)] = resolveReference(scope, reference);
  return values;
}

function renderText(parsed: LiquidTemplate[], scope: JsonObject): string {
  let text: string;
  try {
    text = renderLiquid(parsed, scope);
  } catch (cause) {
    throw new ExpressionError('template_failed', firstLine(cause), { cause });
  }
  if (text.length <= MAX_TEXT_LENGTH) return text;
  throw new ExpressionError('template_failed', `the text is longer than ${MAX_TEXT_LENGTH} characters`);
}
