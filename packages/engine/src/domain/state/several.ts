/** Several updates of one step as one delta: `{ "__updates": [u, v] }` is u, then v. A superstep ends with such ones. */
import { isObject } from '@weft/contract';
import type { Json } from '@weft/contract';

/** The updates, in order, as one. */
export function together(updates: readonly Json[]): Json {
  const [only] = updates;
  return updates.length === 1 && only !== undefined ? only : { __updates: [...updates] };
}

/** The deltas with those taken apart that are several updates. */
export function separate(deltas: readonly Json[]): readonly Json[] {
  return deltas.some(isSeveral) ? deltas.flatMap((delta) => (isSeveral(delta) ? delta.__updates : [delta])) : deltas;
}

/** Whether it is several updates: only the engine writes them so. */
export function isSeveral(delta: Json): delta is { __updates: Json[] } {
  return isObject(delta) && Array.isArray(delta['__updates']) && Object.keys(delta).length === 1;
}
