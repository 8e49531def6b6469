/** Compiles the values a template is made of: what is static stays as it is, the rest becomes functions of the scope. */
import { DANGEROUS_KEYS } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';
import { compileCondition } from './condition.ts';
import { errorAt, ExpressionError } from './expression-error.ts';
import type { Reference } from './scope.ts';
import { compileText, locate, valueOf, type Compiled } from './template-text.ts';

/** What a compilation gathers on its way; `computes` says whether `{ cel }` objects are computed. */
export type Compilation = {
  computes: boolean;
  references: Reference[];
  secretPaths: string[];
  dynamicPaths: string[];
};

type Place = { pointer: string; depth: number };

const MAX_DEPTH = 200;

/** Compiles the value at a place of the template. Throws the first error, with its pointer. */
export function compilePart(source: Json, into: Compilation, place: Place = { pointer: '', depth: 0 }): Compiled {
  try {
    if (typeof source === 'string') return compileString(source, into, place);
    if (source === null || typeof source !== 'object') return { kind: 'static', value: source };
    if (place.depth >= MAX_DEPTH) throw badTemplate(`a template is at most ${MAX_DEPTH} levels deep`);
    return Array.isArray(source) ? compileList(source, into, place) : compileObject(source, into, place);
  } catch (error) {
    const isLocated = !(error instanceof ExpressionError) || error.pointer !== '';
    throw isLocated ? error : errorAt(error, place.pointer);
  }
}

function compileString(source: string, into: Compilation, { pointer }: Place): Compiled {
  const part = compileText(source, into.references);
  if (part.kind === 'dynamic') into.dynamicPaths.push(pointer);
  return locate(part, pointer);
}

function compileList(source: Json[], into: Compilation, place: Place): Compiled {
  const parts = source.map((part, i) => compilePart(part, into, below(place, String(i))));
  if (parts.every((part, i) => isUnchanged(part, source[i]))) return { kind: 'static', value: source };
  return { kind: 'dynamic', render: (rendering) => parts.map((part) => valueOf(part, rendering)) };
}

function compileObject(source: JsonObject, into: Compilation, place: Place): Compiled {
  const keys = Object.keys(source);
  if (keys.length === 1 && typeof source.secret === 'string') {
    checkSecretName(source.secret);
    into.secretPaths.push(place.pointer);
    return { kind: 'static', value: source };
  }
  if (keys.length === 1 && typeof source.cel === 'string' && into.computes) return compileCel(source.cel, into, place);
  const parts: [key: string, part: Compiled][] = [];
  for (const key of keys) {
    if (DANGEROUS_KEYS.has(key)) throw badTemplate(`the key '${key}' is refused`);
    parts.push([key, compilePart(source[key] as Json, into, below(place, key))]);
  }
  if (parts.every(([key, part]) => isUnchanged(part, source[key]))) return { kind: 'static', value: source };
  return renderObject(parts);
}

function renderObject(parts: [key: string, part: Compiled][]): Compiled {
  const render: Extract<Compiled, { kind: 'dynamic' }>['render'] = (rendering) => {
    const result: JsonObject = {};
    for (const [key, part] of parts) result[key] = valueOf(part, rendering);
    return result;
  };
  return { kind: 'dynamic', render };
}

function checkSecretName(name: string): void {
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(name)) {
    throw badTemplate('the name of a secret is at most 100 letters, digits and _');
  }
}

function compileCel(source: string, into: Compilation, place: Place): Compiled {
  const condition = compileCondition(source);
  into.references.push(...condition.references);
  into.dynamicPaths.push(place.pointer);
  return locate({ kind: 'dynamic', render: ({ scope }) => condition.evaluate(scope) }, place.pointer);
}

function isUnchanged(part: Compiled, source: Json | undefined): boolean {
  return part.kind === 'static' && part.value === source;
}

function below(place: Place, key: string): Place {
  const segment = key.replaceAll('~', '~0').replaceAll('/', '~1');
  return { pointer: `${place.pointer}/${segment}`, depth: place.depth + 1 };
}

function badTemplate(message: string): ExpressionError {
  return new ExpressionError('bad_template', message);
}
