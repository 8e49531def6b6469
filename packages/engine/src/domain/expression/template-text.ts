/** Compiles one string of a template. */
import type { Json, JsonObject } from '@weft/contract';
import { errorAt, ExpressionError } from './expression-error.ts';
import { splitReferences, type Part } from './interpolation.ts';
import { MAX_TEXT_LENGTH, toText } from './liquid-engine.ts';
import { compileLiquidText } from './liquid-text.ts';
import { resolveReference, type Reference, type Scope } from './scope.ts';

/** What one rendering works with; `nodes` is the projection that Liquid sees. */
export type Rendering = { scope: Scope; nodes: JsonObject };

/** A part of a template: a value that never changes, or one that depends on the scope. */
export type Compiled = { kind: 'static'; value: Json } | { kind: 'dynamic'; render: (rendering: Rendering) => Json };

/** Compiles a string; text without `{{`, `{%` and `${` costs nothing. Adds what it reads to `references`. */
export function compileText(source: string, references: Reference[]): Compiled {
  if (source.includes('{{') || source.includes('{%')) {
    const text = compileLiquidText(source);
    references.push(...text.references);
    return { kind: 'dynamic', render: ({ scope, nodes }) => text.render(scope, nodes) };
  }
  if (!source.includes('${')) return { kind: 'static', value: source };
  return compileParts(splitReferences(source), references);
}

/** The value of a part. */
export function valueOf(part: Compiled, rendering: Rendering): Json {
  return part.kind === 'dynamic' ? part.render(rendering) : part.value;
}

/** The same part, whose errors say where in the template they happened. */
export function locate(part: Compiled, pointer: string): Compiled {
  if (part.kind === 'static') return part;
  const render = (rendering: Rendering): Json => {
    try {
      return part.render(rendering);
    } catch (error) {
      throw error instanceof ExpressionError ? errorAt(error, pointer) : error;
    }
  };
  return { kind: 'dynamic', render };
}

function compileParts(parts: Part[], references: Reference[]): Compiled {
  const [first] = parts;
  if (parts.length === 1 && typeof first === 'string') return { kind: 'static', value: first };
  for (const part of parts) if (typeof part !== 'string') references.push(part);
  if (parts.length > 1) return { kind: 'dynamic', render: ({ scope }) => joinParts(parts, scope) };
  return { kind: 'dynamic', render: ({ scope }) => resolveReference(scope, first as Reference) };
}

function joinParts(parts: Part[], scope: Scope): string {
  let text = '';
  for (const part of parts) text += typeof part === 'string' ? part : toText(resolveReference(scope, part));
  if (text.length <= MAX_TEXT_LENGTH) return text;
  throw new ExpressionError('template_failed', `the text is longer than ${MAX_TEXT_LENGTH} characters`);
}
