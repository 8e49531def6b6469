import type { Json, JsonObject } from '@weft/contract';

import type { InputError } from '../domain/graph/input-schema.ts';

/** Checks inputs against the JSON Schema of their workflow, in bounded time: the schema comes from a stranger. */
export type InputChecker = {
  /** Everything that is wrong, with pointers below `/input`; nothing without a schema. */
  check(schema: JsonObject | undefined, input: Json): Promise<InputError[]>;
};
