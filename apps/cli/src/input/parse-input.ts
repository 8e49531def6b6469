/** The input of a run, put together from `--input` and `-i`. */
import { DANGEROUS_KEYS, exitCodes, type Json, type JsonObject, isObject } from '@weft/contract';
import { CliError } from '../cli-error.ts';

/**
 * Puts `key=value` pairs over `base`. A value that is JSON is taken as JSON, anything else as text; dots in the key lead
 * into objects. Throws CliError `usage`, which names the `option`.
 */
export function parseInput(pairs: readonly string[], base: Json | undefined, option = '-i'): Json | undefined {
  if (pairs.length === 0) return base;
  if (base !== undefined && !isObject(base))
    throw usage(`${option} sets keys of an object, but --input, or the run, has something else`);
  const input: JsonObject = structuredClone(base ?? {});
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw usage(`${option} takes key=value, not "${pair}"`);
    setKey(input, { key: pair.slice(0, equals), value: parseValue(pair.slice(equals + 1)), option });
  }
  return input;
}

/** Updates of the state from `--set key=value`. Throws CliError `usage`, which names the `option`. */
export function parseUpdates(pairs: readonly string[], option = '--set'): JsonObject {
  const updates: JsonObject = {};
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, equals));
    if (equals < 1 || DANGEROUS_KEYS.has(key)) throw usage(`${option} takes key=value, not "${pair}"`);
    updates[key] = parseValue(pair.slice(equals + 1));
  }
  return updates;
}

/** Edits of nodes from `--edit node.path=value`. Throws CliError `usage`. */
export function parseEdits(pairs: readonly string[]): { [node: string]: JsonObject } {
  const edits = (parseInput(pairs, undefined, '--edit') ?? {}) as JsonObject;
  for (const [node, edit] of Object.entries(edits)) {
    if (!isObject(edit))
      throw usage(
        `--edit takes node.path=value, such as answer.with.model=large; "${node}" alone is no place in a node`,
      );
  }
  return edits as { [node: string]: JsonObject };
}

/** JSON where it is JSON; an integer beyond what JSON numbers hold exactly stays text, since digits would be lost. */
export function parseValue(text: string): Json {
  try {
    const value: Json = JSON.parse(text);
    return typeof value === 'number' && /^-?\d+$/.test(text) && !Number.isSafeInteger(value) ? text : value;
  } catch {
    return text;
  }
}

type Setting = { key: string; value: Json; option: string };

function setKey(target: JsonObject, { key, value, option }: Setting): void {
  const path = key.split('.');
  const refused = path.find((part) => part === '' || DANGEROUS_KEYS.has(part));
  if (refused !== undefined) throw usage(`${option} takes keys with dots between them; "${key}" is none`);
  const last = path.pop() ?? '';
  let at = target;
  for (const part of path) {
    const next = Object.hasOwn(at, part) ? at[part] : (at[part] = {});
    if (!isObject(next)) throw usage(`${option} ${key}: "${part}" has a value that is no object`);
    at = next;
  }
  at[last] = value;
}

function usage(message: string): CliError {
  return new CliError('usage', message, { exitCode: exitCodes.usage });
}
