/** What differs between two JSON values, for people: the first places, with what was there and what is. */
import { tokensOf, isObject } from '@weft/contract';
import type { Differences, Json, JsonObject } from '@weft/contract';

import { jsonPatch } from './json-patch.ts';
import type { PatchOperation } from './json-patch.ts';

/** A value with longer text is left out. */
const MAX_TEXT = 1000;

/** At most `limit` of them. */
export function differences(from: Json, to: Json, limit: number): Differences {
  const patch = patchOf(from, to);
  return { items: patch.slice(0, limit).map((operation) => withWas(from, operation)), count: patch.length };
}

/** Of two objects key by key, since a key that differs in very many places is replaced as a whole. */
function patchOf(from: Json, to: Json): PatchOperation[] {
  if (isObject(from) && isObject(to)) return jsonPatch(from, to);
  return jsonPatch({ v: from }, { v: to }).map((operation) => ({ ...operation, path: operation.path.slice(2) }));
}

/** Places are replaced and removed before any is added beside them, so each is still where it was. */
function withWas(from: Json, { op, path, ...rest }: PatchOperation): Differences['items'][number] {
  const value = 'value' in rest ? short(rest.value) : undefined;
  const was = op === 'add' ? undefined : short(valueAt(from, path));
  return { op, path, ...(was !== undefined && { was }), ...(value !== undefined && { value }) };
}

function valueAt(from: Json, path: string): Json | undefined {
  let at: Json | undefined = from;
  for (const token of tokensOf(path)) {
    at = typeof at === 'object' && at !== null ? (at as JsonObject)[token] : undefined;
  }
  return at;
}

function short(value: Json | undefined): Json | undefined {
  return value === undefined || JSON.stringify(value).length > MAX_TEXT ? undefined : value;
}
