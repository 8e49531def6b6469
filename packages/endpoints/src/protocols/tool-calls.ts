import type { Json } from '@weft/contract';
import { isObject } from '@weft/contract';
import type { Completion } from '@weft/executors/openai/completion';
import { parseJson } from '@weft/executors/openai/parse-json';

import type { ToolCall } from '../protocol.ts';

/** The calls of tools that a model asks for. Arguments that are no JSON stay the text that they are. */
export function toolCallsOf({ message }: Completion): ToolCall[] {
  const calls = message['tool_calls'];
  if (!Array.isArray(calls)) return [];
  return calls.filter(isObject).map(({ id, function: called }) => {
    const { name, arguments: given } = isObject(called) ? called : {};
    const text = textOf(given);
    const value = text === '' ? {} : parseJson(text);
    return { id: textOf(id), name: textOf(name), arguments: (value === undefined ? text : value) as Json };
  });
}

function textOf(value: Json | undefined): string {
  return typeof value === 'string' ? value : '';
}
