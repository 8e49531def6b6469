/** CEL's values as JSON. */
import { Duration, UnsignedInt } from '@marcbachmann/cel-js/evaluator';
import type { Json, JsonObject } from '@weft/contract';

/**
 * Turns the result of an evaluation into JSON: ints become numbers, timestamps and durations their text.
 *
 * Throws when JSON cannot carry it (infinities, bytes, types).
 */
export function celToJson(value: unknown): Json {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'bigint':
      return Number(value);
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new TypeError(`the result ${value} is not a JSON number`);
    case 'object':
      return value === null ? null : objectToJson(value);
    default:
      throw new TypeError('the result is not a JSON value');
  }
}

function objectToJson(value: object): Json {
  if (Array.isArray(value)) return value.map(celToJson);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Duration) return value.toString();
  if (value instanceof UnsignedInt) return Number(value.valueOf());
  if (Object.getPrototypeOf(value) !== Object.prototype) throw new TypeError('the result is not a JSON value');
  const result: JsonObject = {};
  for (const key of Object.keys(value)) result[key] = celToJson((value as Record<string, unknown>)[key]);
  return result;
}
