/** Answers that are to follow a schema: what is wrong with them, and how they are asked for again. */
import type { Json, JsonObject } from '@weft/contract';
import { checkInput } from '@weft/engine/domain';

/** What does not fit, in words; nothing where there is no schema. */
export function misfits(schema: JsonObject | undefined, output: Json): string[] {
  return checkInput(schema, output).map(({ pointer, message }) => {
    const place = pointer.replace(/^\/input/, '');
    return place === '' ? message : `${place}: ${message}`;
  });
}

export function repairPrompt(wrong: readonly string[]): string {
  const list = wrong.slice(0, 20).map((line) => `- ${line}`);
  return [
    'This answer does not fit the JSON Schema that it must follow:',
    ...list,
    'Answer again, with the corrected JSON and nothing else.',
  ].join('\n');
}
