/** One object of a foreign document, read field by field: what nobody has asked for in the end is told, never dropped. */
import { isObject } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';
import { type ImportLog, type ImportPath, quote } from './import-log.ts';

export class Fields {
  readonly path: ImportPath;
  readonly log: ImportLog;
  readonly #value: JsonObject;
  readonly #left: Set<string>;

  constructor(value: JsonObject, path: ImportPath, log: ImportLog) {
    this.path = path;
    this.log = log;
    this.#value = value;
    this.#left = new Set(Object.keys(value));
  }

  at(key: string): ImportPath {
    return [...this.path, key];
  }

  /** Whether the field is there with a value; it stays unread. */
  has(key: string): boolean {
    return Object.hasOwn(this.#value, key) && this.#value[key] !== null;
  }

  /** Whether the document holds the field at all. */
  knows(key: string): boolean {
    return Object.hasOwn(this.#value, key);
  }

  /** The value of any type; null stands for nothing. */
  any(key: string): Json | undefined {
    this.#left.delete(key);
    if (this.has(key)) return this.#value[key];
    if (Object.hasOwn(this.#value, key)) this.log.remark('no_effect', this.at(key), 'null is the same as no value');
    return undefined;
  }

  text(key: string): string | undefined {
    return this.#typed(key, 'text', (value) => typeof value === 'string');
  }

  integer(key: string): number | undefined {
    return this.#typed(key, 'an integer', isInteger);
  }

  number(key: string): number | undefined {
    return this.#typed(key, 'a number', (value) => typeof value === 'number');
  }

  flag(key: string): boolean | undefined {
    return this.#typed(key, 'true or false', (value) => typeof value === 'boolean');
  }

  list(key: string): Json[] | undefined {
    return this.#typed(key, 'an array', (value) => Array.isArray(value));
  }

  object(key: string): JsonObject | undefined {
    return this.#typed(key, 'an object', isObject);
  }

  /** The texts of a list; each other item is an error of its own. */
  texts(key: string): string[] | undefined {
    const items = this.list(key);
    for (const [index, item] of (items ?? []).entries()) {
      if (typeof item !== 'string') this.log.error('bad_type', [...this.at(key), index], 'expected text');
    }
    return items?.filter((item) => typeof item === 'string');
  }

  /** Tells of the field, if it is there, why it is not taken over. */
  leave(key: string, code: string, message: string): void {
    this.#left.delete(key);
    if (Object.hasOwn(this.#value, key)) this.log.remark(code, this.at(key), message);
  }

  /** Tells of everything that is left: `known` fields mean something elsewhere in the format. */
  finish(known: ReadonlySet<string>, what: string): void {
    for (const key of this.#left) {
      if (known.has(key)) this.log.remark('no_effect', this.at(key), `${quote(key)} has no effect on ${what}`);
      else this.log.remark('unknown_field', this.at(key), `the format has no field ${quote(key)} here; it is left out`);
    }
    this.#left.clear();
  }

  #typed<T extends Json>(key: string, what: string, fits: (value: Json) => value is T): T | undefined {
    const value = this.any(key);
    if (value === undefined || fits(value)) return value;
    this.log.error('bad_type', this.at(key), `${quote(key)} must be ${what}`);
    return undefined;
  }
}

function isInteger(value: Json): value is number {
  return Number.isSafeInteger(value);
}
