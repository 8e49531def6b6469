import type { JsonObject } from '@weft/contract';

/** The keys whose values differ, with the new ones. A key that was taken away is not among them: it cannot be. */
export function changedKeys(before: JsonObject, after: JsonObject): JsonObject {
  const changed = Object.entries(after).filter(([key, value]) => JSON.stringify(before[key]) !== JSON.stringify(value));
  return Object.fromEntries(changed);
}

/** The changes as options of a command line. */
export function changesCli(before: JsonObject, after: JsonObject, flag: string): string {
  const changed = Object.entries(changedKeys(before, after));
  return changed
    .map(([key, value]) => ` ${flag} '${key}=${JSON.stringify(value).replaceAll("'", String.raw`'\''`)}'`)
    .join('');
}
