/**
 * What makes one JSON value of another, as a JSON Patch (RFC 6902): add, remove and replace, the same for the same two values.
 *
 * Linear in the two values, whatever they hold: lists are compared from both ends, and what is left between is paired in order.
 * That is not always the shortest patch, but what is appended, put in or taken out in one place comes out as just that.
 */
import { pointerOf, isObject } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';

export type PatchOperation = { op: 'add' | 'replace'; path: string; value: Json } | { op: 'remove'; path: string };

type Path = (string | number)[];

/** A value that would take more operations than this is replaced as a whole. */
const MAX_OPERATIONS = 1000;

/** The patch that makes `to` of `from`; a key of the two that changes in too many places is replaced. */
export function jsonPatch(from: JsonObject, to: JsonObject): PatchOperation[] {
  const patch: PatchOperation[] = [];
  for (const key of sortedKeys(from)) if (!Object.hasOwn(to, key)) patch.push(remove([key]));
  for (const key of sortedKeys(to)) patch.push(...keyPatch(key, from, to));
  return patch;
}

function keyPatch(key: string, from: JsonObject, to: JsonObject): PatchOperation[] {
  const value = to[key] as Json;
  if (!Object.hasOwn(from, key)) return [{ op: 'add', path: pointerOf([key]), value }];
  const writer = new PatchWriter();
  writer.compare([key], from[key] as Json, value);
  return writer.isFull ? [replace([key], value)] : writer.patch;
}

class PatchWriter {
  readonly patch: PatchOperation[] = [];

  get isFull(): boolean {
    return this.patch.length > MAX_OPERATIONS;
  }

  compare(path: Path, from: Json, to: Json): void {
    if (this.isFull || from === to) return;
    if (Array.isArray(from) && Array.isArray(to)) this.#compareLists(path, from, to);
    else if (isObject(from) && isObject(to)) this.#compareObjects(path, from, to);
    else this.patch.push(replace(path, to));
  }

  #compareObjects(path: Path, from: JsonObject, to: JsonObject): void {
    for (const key of sortedKeys(from)) if (!Object.hasOwn(to, key)) this.patch.push(remove([...path, key]));
    for (const key of sortedKeys(to)) {
      const value = to[key] as Json;
      if (Object.hasOwn(from, key)) this.compare([...path, key], from[key] as Json, value);
      else this.patch.push({ op: 'add', path: pointerOf([...path, key]), value });
    }
  }

  #compareLists(path: Path, from: readonly Json[], to: readonly Json[]): void {
    const shorter = Math.min(from.length, to.length);
    let start = 0;
    while (start < shorter && isEqual(from[start] as Json, to[start] as Json)) start += 1;
    let end = 0;
    while (end < shorter - start && isEqual(from.at(-1 - end) as Json, to.at(-1 - end) as Json)) end += 1;
    const paired = shorter - end;
    for (let index = start; index < paired; index++)
      this.compare([...path, index], from[index] as Json, to[index] as Json);
    // From the last one on, so that each index still means what it meant.
    for (let index = from.length - end - 1; index >= paired; index--) this.patch.push(remove([...path, index]));
    for (let index = paired; index < to.length - end; index++) {
      const isLast = end === 0 && index >= from.length;
      this.patch.push({ op: 'add', path: pointerOf([...path, isLast ? '-' : index]), value: to[index] as Json });
    }
  }
}

function remove(path: Path): PatchOperation {
  return { op: 'remove', path: pointerOf(path) };
}

function replace(path: Path, value: Json): PatchOperation {
  return { op: 'replace', path: pointerOf(path), value };
}

function isEqual(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) {
    return Array.isArray(b) && a.length === b.length && a.every((value, index) => isEqual(value, b[index] as Json));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && isEqual(a[key] as Json, b[key] as Json));
}

/** By code units, so that no locale decides. */
function sortedKeys(value: JsonObject): string[] {
  return Object.keys(value).toSorted((a, b) => (a < b ? -1 : 1));
}
