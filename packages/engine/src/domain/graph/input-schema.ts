/** Inputs against the JSON Schema of their workflow; interpreted, so no code is made from a user's document. */
import { Validator } from '@cfworker/json-schema';
import type { Json, JsonObject } from '@weft/contract';

export type InputError = { code: 'invalid_input'; pointer: string; message: string };

/** Everything that is wrong with `input`, with pointers below `/input`; nothing if there is no schema. */
export function checkInput(schema: JsonObject | undefined, input: Json): InputError[] {
  if (!schema) return [];
  const { errors } = new Validator(schema, '2020-12', false).validate(input);
  // An error of a child is repeated by each of its ancestors: the deepest ones say what is wrong.
  const leaves = errors.filter((error) => !CONTAINERS.has(error.keyword));
  return (leaves.length > 0 ? leaves : errors).map(({ error, instanceLocation }) => ({
    code: 'invalid_input',
    pointer: `/input${instanceLocation.slice(1)}`,
    message: error,
  }));
}

const CONTAINERS = new Set(['properties', 'items', 'allOf', '$ref', 'additionalProperties', 'patternProperties']);
