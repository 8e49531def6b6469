/**
 * Turns whatever an executor returned into JSON that the store can keep (rule A11), or says why it cannot.
 *
 * - U+0000 and lone surrogates, which the database refuses, become U+FFFD, in keys too.
 * - undefined, functions and symbols are dropped from objects and become null elsewhere; so do NaN and the infinities.
 * - Dates and everything else with `toJSON` become what it gives; errors `{ name, message }`; BigInts a number where that is
 *   exact, else their digits; instances of other classes their own properties.
 * - Maps, sets, binary data, promises, regular expressions and cycles are refused, for their JSON would be silently empty.
 * - The keys `__proto__`, `constructor` and `prototype` are refused: dropping them would lose data without a word.
 */
import { DANGEROUS_KEYS } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';
import { cleanString, jsonStringBytes } from './json-string.ts';

/** Bounds: bytes of the JSON text in UTF-8, levels of lists and objects (at most 1,000), and values in all. */
export type CleanLimits = { maxBytes: number; maxDepth: number; maxItems?: number };

/** `value` is the given value itself when nothing had to change. */
export type Cleaned =
  | { ok: true; value: Json; bytes: number; changed: boolean }
  | { ok: false; code: CleanFailure; message: string };

export type CleanFailure = 'output_too_large' | 'output_too_deep' | 'output_not_json';

/** Cleans a value; never throws, whatever the value does. */
export function cleanJson(value: unknown, limits: CleanLimits): Cleaned {
  const cleaner = new Cleaner(limits);
  try {
    const cleaned = cleaner.cleanEntry(value);
    return { ok: true, value: cleaned, bytes: cleaner.bytes, changed: !Object.is(cleaned, value) };
  } catch (thrown) {
    if (thrown instanceof Refusal) return { ok: false, code: thrown.code, message: thrown.message };
    return { ok: false, code: 'output_not_json', message: `reading it failed: ${describe(thrown)}` };
  }
}

/** The recursion is bounded whatever the caller allows, so that it cannot overflow the stack. */
const MAX_RECURSION = 1_000;

const OPAQUE = [Map, Set, WeakMap, WeakSet, Promise, RegExp, ArrayBuffer, SharedArrayBuffer] as const;

class Refusal extends Error {
  readonly code: CleanFailure;

  constructor(code: CleanFailure, message: string) {
    super(message);
    this.code = code;
  }
}

class Cleaner {
  bytes = 0;
  #items = 0;
  readonly #open: object[] = [];
  readonly #limits: Required<CleanLimits>;

  constructor(limits: CleanLimits) {
    const maxDepth = Math.min(limits.maxDepth, MAX_RECURSION);
    this.#limits = { maxItems: Number.POSITIVE_INFINITY, ...limits, maxDepth };
  }

  /** The value as JSON; null where JSON has nothing to say. */
  cleanEntry(value: unknown): Json {
    const cleaned = this.#clean(value);
    return cleaned === undefined ? this.#null() : cleaned;
  }

  #clean(value: unknown): Json | undefined {
    if (++this.#items > this.#limits.maxItems) this.#refuseSize(`${this.#limits.maxItems} values`);
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return this.#number(value);
      case 'boolean':
        this.#count(value ? 4 : 5);
        return value;
      case 'object':
        return value === null ? this.#null() : this.#object(value);
      case 'bigint':
        return Number.isSafeInteger(Number(value)) ? this.#number(Number(value)) : this.#string(String(value));
      default:
        return undefined;
    }
  }

  #string(text: string): string {
    if (text.length > this.#limits.maxBytes) this.#refuseSize(`${this.#limits.maxBytes} bytes`);
    const bytes = jsonStringBytes(text);
    if (bytes === undefined) return this.#string(cleanString(text));
    this.#count(bytes);
    return text;
  }

  #number(value: number): Json {
    if (!Number.isFinite(value)) return this.#null();
    this.#count(value >= 0 && value < 10 && Number.isInteger(value) ? 1 : String(value).length);
    return value;
  }

  #null(): null {
    this.#count(4);
    return null;
  }

  #object(value: object): Json | undefined {
    if (this.#open.length >= this.#limits.maxDepth) this.#refuseDepth(value);
    this.#open.push(value);
    const cleaned = Array.isArray(value) ? this.#list(value) : this.#keyed(value);
    this.#open.pop();
    return cleaned;
  }

  #list(value: unknown[]): Json[] {
    this.#count(1 + Math.max(value.length, 1));
    let copy: Json[] | undefined;
    for (let i = 0; i < value.length; i++) {
      const entry = value[i];
      const cleaned = this.cleanEntry(entry);
      if (copy === undefined && cleaned !== entry) copy = value.slice(0, i) as Json[];
      copy?.push(cleaned);
    }
    return copy ?? (value as Json[]);
  }

  #keyed(value: object): Json | undefined {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) return this.#plain(value as Record<string, unknown>);
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') return this.#clean(toJSON.call(value));
    if (value instanceof Error) return this.#plain({ name: value.name, message: value.message });
    if (ArrayBuffer.isView(value) || OPAQUE.some((type) => value instanceof type)) {
      throw new Refusal('output_not_json', `${value.constructor.name} is not JSON`);
    }
    return this.#plain({ ...value });
  }

  #plain(value: Record<string, unknown>): JsonObject {
    this.#count(2);
    const keys = Object.keys(value);
    let copy: JsonObject | undefined;
    let written = 0;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      if (DANGEROUS_KEYS.has(key)) throw new Refusal('output_not_json', `the key '${key}' is refused`);
      const entry = value[key];
      const cleaned = this.#clean(entry);
      const name = cleaned === undefined ? key : this.#string(key);
      if (copy === undefined && (name !== key || cleaned !== entry || cleaned === undefined)) {
        copy = copyOf(value, keys.slice(0, i));
      }
      if (cleaned === undefined) continue;
      if (copy !== undefined) copy[name] = cleaned;
      this.#count(written++ === 0 ? 1 : 2);
    }
    return copy ?? (value as JsonObject);
  }

  #count(bytes: number): void {
    this.bytes += bytes;
    if (this.bytes > this.#limits.maxBytes) this.#refuseSize(`${this.#limits.maxBytes} bytes`);
  }

  #refuseSize(limit: string): never {
    throw new Refusal('output_too_large', `it is larger than ${limit}`);
  }

  #refuseDepth(value: object): never {
    if (new Set(this.#open).size < this.#open.length || this.#open.includes(value)) {
      throw new Refusal('output_not_json', 'it contains itself');
    }
    throw new Refusal('output_too_deep', `it is nested deeper than ${this.#limits.maxDepth} levels`);
  }
}

function copyOf(value: Record<string, unknown>, keys: string[]): JsonObject {
  const copy: JsonObject = {};
  for (const key of keys) copy[key] = value[key] as Json;
  return copy;
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : 'it threw';
}
