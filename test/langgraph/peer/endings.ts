/** How LangGraph came to rest, in the words of the suite. */
import type { Snapshot } from '@langchain/langgraph';

import type { Graph } from '../graph.ts';

/** Codes and messages of LangGraph, and what Weft calls the same. */
const CODES: readonly (readonly [RegExp, string])[] = [
  [/INVALID_CONCURRENT_GRAPH_UPDATE/, 'concurrent_update'],
  [/Can receive only one Overwrite/, 'concurrent_update'],
  [/GRAPH_RECURSION_LIMIT/, 'max_steps'],
  [/INVALID_GRAPH_NODE_RETURN_VALUE/, 'invalid_output'],
  [/NodeTimeoutError/, 'timeout'],
  [/UNREACHABLE_NODE/, 'unreachable_node'],
  [/Found edge ending at unknown node|unknown node|not present/i, 'missing_reference'],
  [/already present|already exists/i, 'duplicate_name'],
  [/Attempting to delete a message/, 'missing_message'],
  [/Ambiguous update/, 'ambiguous'],
  [/EmptyInputError/, 'empty_input'],
];

export function failureOf(error: unknown): string {
  const { name, message, code, lc_error_code: lcCode } = error as Record<string, unknown>;
  if (typeof code === 'string' && /^[a-z_]+$/.test(code)) return code;
  const text = [name, lcCode, message].join(' ');
  return CODES.find(([pattern]) => pattern.test(text))?.[1] ?? text;
}

export function endOf({ next }: Snapshot, asked: readonly { value: unknown }[], graph: Graph): string {
  if (asked.length > 0) {
    const questions = asked.map(({ value }) => String(value));
    return `asks ${questions.toSorted().join(', ')}`;
  }
  if (next.length === 0) return 'succeeded';
  const stops = [...(graph.stopBefore ?? []), ...(graph.stopAfter ?? [])];
  return stops.length > 0 ? 'stops' : `rests before ${next.join(', ')}`;
}
