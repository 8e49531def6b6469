/**
 * Fields of an executor's input that decide what is done, and not with what: they stand in the document as they are. Nothing that a
 * template inserts, a run is given or a model asks for becomes part of them.
 */
import type { Json } from '@weft/contract';

import { secretPathsOf } from './expression/secret-paths.ts';

/** `secret`: it must be `{ secret: NAME }`, so that no document holds its value. */
type LiteralField = { pointer: string; isSecret: boolean };

const FIELDS: ReadonlyMap<string, readonly LiteralField[]> = new Map([
  [
    'sql',
    [
      { pointer: '/statement', isSecret: false },
      { pointer: '/once', isSecret: false },
      { pointer: '/readOnly', isSecret: false },
      { pointer: '/connection', isSecret: true },
    ],
  ],
  ['mcp', [{ pointer: '/command', isSecret: false }]],
]);

export function literalFields(uses: string): readonly LiteralField[] {
  return FIELDS.get(uses) ?? [];
}

/** An input as it was written, in parts: where something is inserted, and where secrets stand by name. */
export type Written = { dynamicPaths: readonly string[]; secretPaths: readonly string[] };

/** What is wrong with the literal fields, the first of each; empty where all is well. */
export function literalProblems(
  uses: string,
  { dynamicPaths, secretPaths }: Written,
): { pointer: string; message: string }[] {
  return literalFields(uses).flatMap(({ pointer, isSecret }) => {
    if (dynamicPaths.some((path) => isWithin(path, pointer) || isWithin(pointer, path))) {
      const message = 'stands in the document as it is: it takes no template and no reference (pass values beside it)';
      return [{ pointer, message }];
    }
    if (!isSecret || secretPaths.includes(pointer)) return [];
    return [{ pointer, message: 'must be { secret: NAME }: the worker looks it up, and no document holds it' }];
  });
}

/** The same of a value that is no template. */
export function writtenAsIs(value: Json): Written {
  return { dynamicPaths: [], secretPaths: secretPathsOf(value) };
}

function isWithin(path: string, of: string): boolean {
  return path === of || path.startsWith(`${of}/`);
}
