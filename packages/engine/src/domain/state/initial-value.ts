/** What a state key holds before anything is written to it. */
import type { Json, StateKey } from '@weft/contract';

/**
 * The declared default, else the empty value of the type.
 *
 * `min` and `max` begin at null instead: with 0 the first update would already lose against a value nobody wrote.
 */
export function defaultOf(key: StateKey): Json {
  if (key.default !== undefined) return key.default;
  if (key.reducer === 'min' || key.reducer === 'max') return null;
  switch (key.type) {
    case 'string':
      return '';
    case 'array':
      return [];
    case 'number':
      return 0;
    case 'boolean':
      return false;
    case 'object':
      return {};
    case 'any':
      return null;
  }
}
