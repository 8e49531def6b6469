import type { Json } from '@weft/contract';
import { z } from 'zod';

/** Values nested deeper are refused: what follows (storing, templates, browsers) walks them recursively. */
export const MAX_JSON_DEPTH = 64;

/** Any JSON value, at most 64 levels deep. Not `z.json()`: that one copies the value and overflows the stack on deep ones. */
export const jsonValue = z
  .unknown()
  .refine(isJson, `expected a JSON value at most ${MAX_JSON_DEPTH} levels deep`) as unknown as z.ZodType<Json>;

/** Whether JSON can carry `root` as it stands, at most `MAX_JSON_DEPTH` levels deep. */
export function isJson(root: unknown): root is Json {
  if (!isContainer(root)) return isScalar(root);
  const open: { value: object; depth: number }[] = [{ value: root, depth: 1 }];
  // Last in, first out: a cycle runs into the depth limit at once.
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.depth > MAX_JSON_DEPTH) return false;
    for (const child of Object.values(next.value)) {
      if (isContainer(child)) open.push({ value: child, depth: next.depth + 1 });
      else if (!isScalar(child)) return false;
    }
  }
  return true;
}

function isContainer(value: unknown): value is object {
  return Array.isArray(value) || Object.prototype.toString.call(value) === '[object Object]';
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}
