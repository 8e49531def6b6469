/**
 * Inputs against JSON Schemas, bounded in time. A schema is a stranger's program: a pattern that backtracks, or references
 * that double with each level, can keep a check busy for ever. Schemas that cannot do so are checked at once; the others
 * in a thread.
 */
import type { Json, JsonObject } from '@weft/contract';
import { checkInput } from '@weft/engine/domain';
import type { InputError } from '@weft/engine/domain';
import type { InputChecker } from '@weft/engine/ports';

import { BoundedThread } from './bounded-thread.ts';

export type InputQuestion = { schema: JsonObject; input: Json };

const TIMEOUT_MS = 1000;
/** Keywords whose cost is that of the input they stand for, and no more. */
const LINEAR = new Set(
  (
    '$schema $id $comment title description default examples deprecated readOnly writeOnly type enum const required ' +
    'properties items prefixItems additionalProperties minimum maximum exclusiveMinimum exclusiveMaximum multipleOf ' +
    'minLength maxLength minItems maxItems minProperties maxProperties'
  ).split(' '),
);

const thread = new BoundedThread<InputQuestion, InputError[]>(
  new URL('./input-worker.ts', import.meta.url),
  'inputs that are checked against their schemas',
);

export const inputChecker: InputChecker = {
  async check(schema, input) {
    if (schema === undefined) return [];
    if (isLinear(schema)) return checkInput(schema, input);
    const answered = await thread.ask({ schema, input }, TIMEOUT_MS);
    if (answered.kind === 'answer') return answered.answer;
    const message = `checking it against the schema of the workflow takes more than ${TIMEOUT_MS} ms, or too much memory`;
    return [{ code: 'invalid_input', pointer: '/input', message }];
  },
};

/** Whether the schema uses linear keywords only, at every level. Names of properties are not keywords. */
function isLinear(schema: Json): boolean {
  if (typeof schema !== 'object' || schema === null) return true;
  if (Array.isArray(schema)) return schema.every(isLinear);
  return Object.entries(schema).every(([keyword, value]) => {
    if (!LINEAR.has(keyword)) return false;
    if (keyword === 'properties') return Object.values(value as JsonObject).every(isLinear);
    return keyword === 'items' || keyword === 'prefixItems' || keyword === 'additionalProperties'
      ? isLinear(value)
      : true;
  });
}
