/** What a schema finds wrong with a part of a request, in our words and with a pointer at the place. */
import { AppError, pointerOf, StartRunBatch } from '@weft/contract';
import type { ProblemCode, ProblemItem } from '@weft/contract';
import type { FastifySchemaCompiler } from 'fastify';
import type { z } from 'zod';

import { AnyDocument, UncheckedBatch } from '../schemas/requests.ts';

type SchemaIssue = z.core.$ZodIssue;
type Item = ProblemItem & { code: ProblemCode };
type Path = (string | number)[];

/** Pointers of a body begin at its root; those of other parts with the part's name (`/query/limit`). */
const ROOTS: Record<string, string[]> = { body: [], querystring: ['query'], params: ['path'], headers: ['headers'] };

/**
 * Checks a part of a request by its zod schema; what the schema makes of it is what the handler gets. A whole document is
 * only described by its schema: what reads it checks it and reports every error at once. The runs of a batch are checked one
 * by one, since each is refused alone.
 */
export const validateByZod: FastifySchemaCompiler<z.ZodType> = ({ schema, httpPart }) => {
  if (schema === AnyDocument) return (value: unknown) => ({ value });
  const checked = schema === StartRunBatch ? UncheckedBatch : schema;
  const root = ROOTS[httpPart ?? 'body'] ?? [];
  return (data: unknown) => {
    const nul = refusedNul(data, httpPart, root);
    if (nul) return { error: nul };
    const result = checkBy(checked, data, root);
    return result instanceof AppError ? { error: result } : { value: result.value };
  };
};

/** No text of Postgres holds a NUL. Bodies are scanned for it when they are read; a URL may hold it as %00. */
function refusedNul(data: unknown, httpPart: string | undefined, root: Path): AppError | null {
  if (httpPart !== 'querystring' && httpPart !== 'params') return null;
  const values = Object.entries(data ?? {}) as [string, unknown][];
  const [name] = values.find(([, value]) => String(value).includes('\u0000')) ?? [];
  if (name === undefined) return null;
  const message = 'must not hold a NUL character';
  return httpPart === 'params'
    ? new AppError('not_found', `there is nothing here: the path ${message}`)
    : invalidValue(pointerOf([...root, name]), message);
}

/** What the schema makes of the value, or everything that is wrong with it, at pointers that begin with `root`. */
export function checkBy<T>(schema: z.ZodType<T>, data: unknown, root: Path): { value: T } | AppError {
  const result = schema.safeParse(data);
  if (result.success) return { value: result.data };
  const items = result.error.issues.flatMap((issue) => problemItems(issue, root, data));
  return new AppError('invalid_request', summary(items), { errors: items });
}

/** A refusal of one value of a request. */
export function invalidValue(pointer: string, message: string): AppError {
  return new AppError('invalid_request', message, { errors: [{ code: 'invalid_value', pointer, message }] });
}

/** One line for all of them: the first, and how many more. */
export function summary(items: readonly ProblemItem[]): string {
  const [first] = items;
  if (!first) return 'the request is invalid';
  const more = items.length > 1 ? ` (and ${items.length - 1} more)` : '';
  return `${first.pointer === '' ? '' : `${first.pointer}: `}${first.message}${more}`;
}

function problemItems(issue: SchemaIssue, root: Path, data: unknown): Item[] {
  const path = issue.path as Path;
  const pointer = pointerOf([...root, ...path]);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      code: 'unknown_key',
      pointer: pointerOf([...root, ...path, key]),
      message: `unknown key ${JSON.stringify(key.slice(0, 100))}`,
    }));
  }
  const value = valueAt(data, path);
  // Of a text that was taken apart the parts have places, too.
  const isPart = typeof valueAt(data, path.slice(0, -1)) === 'string';
  if (value === undefined && path.length > 0 && !isPart) {
    return [{ code: 'missing_field', pointer, message: `${JSON.stringify(String(path.at(-1)))} is required` }];
  }
  if (issue.code === 'invalid_union') return unionItems(issue, [...root, ...path], value);
  return [{ code: codeOf(issue), pointer, message: messageOf(issue, value) }];
}

/** The errors of the branch that was meant: the one that takes values of this type. */
function unionItems(issue: Extract<SchemaIssue, { code: 'invalid_union' }>, path: Path, value: unknown): Item[] {
  const branches = issue.errors.toSorted((a, b) => mismatch(a) - mismatch(b));
  const [branch] = branches;
  if (!branch || mismatch(branch) > 0) {
    return [{ code: 'bad_type', pointer: pointerOf(path), message: `${kindOf(value)} is not allowed here` }];
  }
  return branch.flatMap((inner) => problemItems(inner, path, value));
}

function mismatch(branch: readonly SchemaIssue[]): number {
  return branch.some(({ code, path }) => path.length === 0 && code === 'invalid_type') ? 1 : 0;
}

function codeOf(issue: SchemaIssue): ProblemCode {
  return issue.code === 'invalid_type' ? 'bad_type' : 'invalid_value';
}

function messageOf(issue: SchemaIssue, value: unknown): string {
  if (issue.code === 'invalid_type') return `expected ${issue.expected}, but found ${kindOf(value)}`;
  if (issue.code === 'invalid_value') return `expected one of ${issue.values.map(String).join(', ')}`;
  return issue.message;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}

function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const token of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, token)) return undefined;
    current = (current as Record<string | number, unknown>)[token];
  }
  return current;
}
