/** The state of an imported workflow: what its schema declares, and what else is read or written. */
import { isObject } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';
import { Fields } from '../foreign/fields.ts';
import { type ImportLog, type ImportPath, quote } from '../foreign/import-log.ts';
import { NameTable } from '../foreign/name-table.ts';
import { hasInput, member } from './state-path.ts';

/** What a key of each type begins with; NullBoiler takes null for any other type. */
const DEFAULTS: Record<string, Json> = { string: '', array: [], number: 0, boolean: false, object: {} };
const REDUCERS = new Set(['last_value', 'append', 'merge', 'add', 'min', 'max', 'add_messages']);
const NONE: ReadonlySet<string> = new Set();

export class StateTable {
  readonly #log: ImportLog;
  readonly #names = new NameTable();
  readonly #keys = new Map<string, JsonObject>();
  readonly #read = new Map<string, ImportPath>();

  constructor(log: ImportLog) {
    this.#log = log;
  }

  /** Takes the keys of a schema, each an object with `type`, `reducer` and `ephemeral`. */
  declare(schema: JsonObject, path: ImportPath): void {
    const names = Object.keys(schema).filter((name) => this.#isOwn(name, [...path, name]));
    this.#names.addAll(names, this.#log, (name) => [...path, name]);
    for (const name of names) {
      const key = schema[name];
      const native = this.#names.get(name) ?? name;
      this.#log.origin(['state', native], [...path, name]);
      if (isObject(key)) this.#keys.set(name, readKey(new Fields(key, [...path, name], this.#log)));
      else this.#log.error('bad_type', [...path, name], 'a state key is an object with a type');
    }
  }

  /** The native name of a key that is read; one that nobody declares is there, too, as null. */
  read(name: string, path: ImportPath): string | undefined {
    if (!this.#isOwn(name, path)) return undefined;
    if (!this.#read.has(name)) this.#read.set(name, path);
    return this.#native(name, path);
  }

  /** The native name of a key that is written: NullBoiler takes any key. */
  write(name: string, path: ImportPath): string | undefined {
    if (!this.#isOwn(name, path)) return undefined;
    const native = this.#native(name, path);
    if (!this.#keys.has(name)) this.#keys.set(name, { type: 'any' });
    return native;
  }

  /** The updates that give the keys of the schema what the input says, before anything else runs. */
  initialUpdates(): JsonObject {
    const updates: JsonObject = {};
    for (const [name, key] of this.#keys) {
      const native = this.#names.get(name) ?? name;
      const value = { cel: `${hasInput(name)} ? ${member('input', name)} : ${member('state', native)}` };
      // The input replaces the default: no reducer merges the two.
      updates[native] = key['reducer'] === undefined ? value : { __overwrite: true, value };
    }
    return updates;
  }

  /** The native declarations, once everything has been read and written. */
  toJson(): JsonObject {
    for (const [name, path] of this.#read) {
      if (this.#keys.has(name)) continue;
      this.#keys.set(name, { type: 'any' });
      const message = `nothing declares or writes the state key ${quote(name)}; it is declared, and null until a worker sets it`;
      this.#log.remark('undeclared_state_key', path, message);
    }
    return Object.fromEntries([...this.#keys].map(([name, key]) => [this.#names.get(name) ?? name, key]));
  }

  /** Keys with two underscores belong to the engines; each has its own. */
  #isOwn(name: string, path: ImportPath): boolean {
    if (!name.startsWith('__')) return true;
    this.#log.remark('managed_value', path, `${quote(name)} belongs to NullBoiler's engine and has no equal here`);
    return false;
  }

  #native(name: string, path: ImportPath): string {
    if (this.#names.get(name) === undefined) this.#names.addAll([name], this.#log, () => path);
    return this.#names.get(name) ?? name;
  }
}

function readKey(fields: Fields): JsonObject {
  const key = { ...readType(fields), ...readReducer(fields) };
  const ephemeral = fields.flag('ephemeral');
  fields.finish(NONE, 'a state key');
  return ephemeral === true ? { ...key, ephemeral } : key;
}

function readType(fields: Fields): JsonObject {
  const type = fields.text('type');
  if (type !== undefined && Object.hasOwn(DEFAULTS, type))
    return { type, default: structuredClone(DEFAULTS[type] ?? null) };
  if (type !== undefined) {
    fields.log.remark(
      'unknown_state_type',
      fields.at('type'),
      `there is no type ${quote(type)}; the key takes any value`,
    );
  }
  return { type: 'any' };
}

/** A reducer that NullBoiler does not know replaces the value. */
function readReducer(fields: Fields): JsonObject {
  const reducer = fields.text('reducer');
  if (reducer === undefined || reducer === 'last_value') return {};
  if (REDUCERS.has(reducer)) return { reducer };
  fields.log.remark(
    'unknown_reducer',
    fields.at('reducer'),
    `there is no reducer ${quote(reducer)}; updates replace the value`,
  );
  return {};
}
