/** What can be said about an update before the channel's value is known. */
import type { Json, Reducer, TaskError } from '@weft/contract';
import { badUpdateError } from './bad-update.ts';
import { refusedKeyIn } from './merge.ts';
import { isOverwrite } from './overwrite.ts';
import { isSeveral } from './several.ts';

/** Why the reducer cannot take the update; undefined when it can, whatever the old value is. */
export function checkUpdate(reducer: Reducer, update: Json): TaskError | undefined {
  const key = refusedKeyIn(update);
  if (key !== undefined) return badUpdateError(`the key '${key}' is refused`);
  if (isSeveral(update)) return badUpdateError("an object with the key '__updates' alone is refused");
  if (isOverwrite(update)) return undefined;
  if (isNumeric(reducer) && (typeof update !== 'number' || !Number.isFinite(update))) {
    return badUpdateError(`the reducer ${reducer} takes numbers only`);
  }
  return undefined;
}

/**
 * How an update is written (rule C2): `delta` without reading the channel, or `base`, which replaces it and makes all
 * earlier deltas void. Only `last_value` and an overwrite are bases.
 */
export function writeKind(reducer: Reducer, update: Json): 'delta' | 'base' {
  return isUnread(reducer) && !isOverwrite(update) ? 'delta' : 'base';
}

/** Whether updates are written without reading the channel, overwrites aside. */
export function isUnread(reducer: Reducer): boolean {
  return reducer !== 'last_value';
}

/** Whether equal updates give equal state in any order of arrival (overwrites aside). */
export function isCommuting(reducer: Reducer): boolean {
  return isNumeric(reducer);
}

function isNumeric(reducer: Reducer): reducer is 'add' | 'min' | 'max' {
  return reducer === 'add' || reducer === 'min' || reducer === 'max';
}
