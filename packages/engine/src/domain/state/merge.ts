/**
 * The `merge` reducer: objects are merged key by key, at any depth; everything else is replaced by the update.
 *
 * It works on an explicit stack, so depth cannot overflow. Objects that the fold made itself are changed in place;
 * those of the base and of the updates are copied before the first change, so a long fold copies nothing twice.
 */
import { DANGEROUS_KEYS, isObject } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';
import { BadUpdate } from './bad-update.ts';

/** Objects that belong to one fold and may be changed. */
export type Owned = WeakSet<JsonObject>;

/** Merges `update` into `old`; neither is changed unless `owned` holds it. Throws `bad_update` on a refused key. */
export function deepMerge(old: Json | undefined, update: Json, owned: Owned = new WeakSet()): Json {
  if (!isObject(old) || !isObject(update)) return checked(update);
  const root = own(old, owned);
  const open: [target: JsonObject, update: JsonObject][] = [[root, update]];
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) mergeLevel(pair[0], pair[1], { open, owned });
  return root;
}

/** The key that no object may have, anywhere in `value`; undefined when there is none. */
export function refusedKeyIn(value: Json): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const open: (Json[] | JsonObject)[] = [value];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const keyed = !Array.isArray(next);
    for (const [key, child] of Object.entries(next)) {
      if (keyed && DANGEROUS_KEYS.has(key)) return key;
      if (typeof child === 'object' && child !== null) open.push(child);
    }
  }
  return undefined;
}

type Work = { open: [JsonObject, JsonObject][]; owned: Owned };

function mergeLevel(target: JsonObject, update: JsonObject, { open, owned }: Work): void {
  for (const key of Object.keys(update)) {
    if (DANGEROUS_KEYS.has(key)) throw new BadUpdate(`the key '${key}' is refused`);
    const next = update[key] as Json;
    const old = Object.hasOwn(target, key) ? target[key] : undefined;
    if (isObject(old) && isObject(next)) {
      const child = own(old, owned);
      target[key] = child;
      open.push([child, next]);
    } else {
      target[key] = checked(next);
    }
  }
}

function own(value: JsonObject, owned: Owned): JsonObject {
  if (owned.has(value)) return value;
  const copy = { ...value };
  owned.add(copy);
  return copy;
}

function checked(value: Json): Json {
  const key = refusedKeyIn(value);
  if (key !== undefined) throw new BadUpdate(`the key '${key}' is refused`);
  return value;
}
