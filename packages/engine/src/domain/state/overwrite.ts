/** The overwrite bypass: `{ "__overwrite": true, "value": v }` sets v whatever the reducer. */
import { isObject } from '@weft/contract';
import type { Json, JsonObject } from '@weft/contract';

/** Whether the update replaces the channel's value, whatever the reducer. */
export function isOverwrite(update: Json): update is JsonObject {
  return isObject(update) && update.__overwrite === true;
}

/** The value that an overwrite sets; null when it names none. */
export function overwriteValue(update: JsonObject): Json {
  return update.value ?? null;
}
