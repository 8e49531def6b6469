/**
 * The seven reducers: how updates meet the value that is there.
 *
 * `append` wraps the first update when there is no value yet, even a list, and later spreads lists; `add`, `min` and `max`
 * take an old value that is no number as absent. Neither the base nor the deltas are changed.
 */
import type { Json, JsonObject, Reducer, StateKey } from '@weft/contract';
import { BadUpdate } from './bad-update.ts';
import { deepMerge, type Owned } from './merge.ts';
import { MessageList } from './messages.ts';
import { defaultOf } from './initial-value.ts';
import { isOverwrite, overwriteValue } from './overwrite.ts';
import { separate } from './several.ts';

export { defaultOf } from './initial-value.ts';

/** The value after one update. Throws `bad_update` when the reducer cannot take it (see `checkUpdate`). */
export function applyWrite(reducer: Reducer, old: Json | undefined, update: Json): Json {
  return foldChannel(reducer, old, [update]);
}

/**
 * The value of a channel after the deltas that are `stored`, in journal order; linear in what the base and the deltas hold.
 *
 * An absent base without deltas is null. Throws `bad_update`.
 */
export function foldChannel(reducer: Reducer, base: Json | undefined, stored: readonly Json[]): Json {
  const deltas = separate(stored);
  const start = deltas.findLastIndex(isOverwrite);
  if (start < 0) return foldPlain(reducer, base, deltas);
  const value = overwriteValue(deltas[start] as JsonObject);
  return foldPlain(reducer, value, deltas.slice(start + 1));
}

/** What a state key holds: its newest base, or else its default, and the deltas after it. */
export function channelValue(
  key: StateKey,
  stored: { base?: Json | undefined; deltas: readonly Json[] } | undefined,
): Json {
  const base = stored?.base === undefined ? defaultOf(key) : stored.base;
  return foldChannel(key.reducer ?? 'last_value', base, stored?.deltas ?? []);
}

function foldPlain(reducer: Reducer, base: Json | undefined, deltas: readonly Json[]): Json {
  if (deltas.length === 0) return base ?? null;
  switch (reducer) {
    case 'last_value':
      return deltas.at(-1) as Json;
    case 'append':
      return foldAppend(base, deltas);
    case 'merge':
      return foldMerge(base, deltas);
    case 'add':
      return foldNumbers(base ?? 0, deltas, addFinite);
    case 'min':
      return foldNumbers(base, deltas, Math.min);
    case 'max':
      return foldNumbers(base, deltas, Math.max);
    case 'add_messages':
      return foldMessages(base, deltas);
  }
}

function foldAppend(base: Json | undefined, deltas: readonly Json[]): Json {
  const missing = base === undefined || base === null;
  const list: Json[] = Array.isArray(base) ? base.slice() : [missing ? (deltas[0] as Json) : base];
  for (const delta of missing ? deltas.slice(1) : deltas) {
    if (!Array.isArray(delta)) list.push(delta);
    else for (const entry of delta) list.push(entry);
  }
  return list;
}

function foldMerge(base: Json | undefined, deltas: readonly Json[]): Json {
  const owned: Owned = new WeakSet();
  let value: Json | undefined = base;
  for (const delta of deltas) value = deepMerge(value, delta, owned);
  return value as Json;
}

function foldNumbers(base: Json | undefined, deltas: readonly Json[], join: (a: number, b: number) => number): Json {
  let value = typeof base === 'number' ? base : undefined;
  for (const delta of deltas) {
    if (typeof delta !== 'number' || !Number.isFinite(delta)) throw new BadUpdate('add, min and max take numbers only');
    value = value === undefined ? delta : join(value, delta);
  }
  return value as number;
}

/** JSON has no infinity: a sum beyond the greatest double stays there. */
function addFinite(a: number, b: number): number {
  return Math.min(Math.max(a + b, -Number.MAX_VALUE), Number.MAX_VALUE);
}

function foldMessages(base: Json | undefined, deltas: readonly Json[]): Json {
  const start = deltas.findLastIndex((delta) => typeof delta !== 'object' || delta === null);
  if (start === deltas.length - 1) return deltas[start] as Json;
  const list = new MessageList(start < 0 ? base : deltas[start]);
  for (let i = start + 1; i < deltas.length; i++) list.add(deltas[i] as Json[] | JsonObject);
  return list.toJson();
}
