/** The input of a run, put together from `--input` and `-i`. */
import { DANGEROUS_KEYS, exitCodes, type Json, type JsonObject } from '@weft/contract';
import { CliError } from '../cli-error.ts';

/**
 * Puts `key=value` pairs over `base`. A value that is JSON is taken as JSON, anything else as text; dots in the key lead
 * into objects. Throws CliError `usage`.
 */
export function parseInput(pairs: readonly string[], base: Json | undefined): Json | undefined {
  if (pairs.length === 0) return base;
  if (base !== undefined && !isObject(base)) throw usage('-i sets keys of an object, but --input holds something else');
  const input: JsonObject = structuredClone(base ?? {});
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    if (equals < 1) throw usage(`-i takes key=value, not "${pair}"`);
    setKey(input, pair.slice(0, equals), parseValue(pair.slice(equals + 1)));
  }
  return input;
}

/** Updates of the state from `--set key=value`. Throws CliError `usage`. */
export function parseUpdates(pairs: readonly string[]): JsonObject {
  const updates: JsonObject = {};
  for (const pair of pairs) {
    const equals = pair.indexOf('=');
    const key = pair.slice(0, Math.max(0, equals));
    if (equals < 1 || DANGEROUS_KEYS.has(key)) throw usage(`--set takes key=value, not "${pair}"`);
    updates[key] = parseValue(pair.slice(equals + 1));
  }
  return updates;
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

function setKey(target: JsonObject, key: string, value: Json): void {
  const path = key.split('.');
  const refused = path.find((part) => part === '' || DANGEROUS_KEYS.has(part));
  if (refused !== undefined) throw usage(`"${key}" is no key of an input`);
  const last = path.pop() ?? '';
  let at = target;
  for (const part of path) {
    const next = Object.hasOwn(at, part) ? at[part] : (at[part] = {});
    if (!isObject(next)) throw usage(`-i ${key}: "${part}" has a value that is no object`);
    at = next;
  }
  at[last] = value;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function usage(message: string): CliError {
  return new CliError('usage', message, { exitCode: exitCodes.usage });
}
