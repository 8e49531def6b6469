/** What a state key holds before anything is written to it. */
import type { Json, StateKey } from '@weft/contract';

/** The declared default, else null (rule B11): a key that is declared always exists. */
export function defaultOf(key: StateKey): Json {
  return key.default ?? null;
}
