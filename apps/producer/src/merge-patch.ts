import { DANGEROUS_KEYS, isObject } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';

/** `target` after a JSON Merge Patch (RFC 7396): objects are merged, null removes a key, anything else replaces. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (DANGEROUS_KEYS.has(key)) continue;
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}
