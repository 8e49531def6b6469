/** The state of LangGraph as plain JSON. */
import type { Json, JsonObject } from '@weft/contract';

import type { Graph, State } from '../graph.ts';

/** Every declared key; what is no object of declared keys is an item, and is left as it is. */
export function plainState({ channels }: Graph, values: unknown): State {
  if (typeof values !== 'object' || values === null) return { item: values as Json };
  const known = Object.keys(channels);
  if (Object.keys(values).some((key) => !known.includes(key))) return values as State;
  const of = (key: string): Json => plain((values as State)[key], channels[key] === 'messages');
  return Object.fromEntries(known.map((key) => [key, of(key)]));
}

/** The state as others see it: without what only the next superstep sees. */
export function storedState(graph: Graph, values: unknown): State {
  const entries = Object.entries(plainState(graph, values));
  return Object.fromEntries(entries.map(([key, value]) => [key, graph.channels[key] === 'once' ? null : value]));
}

function plain(value: unknown, isMessages: boolean): Json {
  if (isMessages && Array.isArray(value)) return value.map(messageOf);
  return value === undefined ? null : (value as Json);
}

type Message = { id: string; content: string; getType?: () => string; role?: string };

const ROLES: Readonly<Record<string, string>> = { human: 'user', ai: 'assistant', system: 'system' };

function messageOf(message: Message): JsonObject {
  const type = message.getType?.() ?? '';
  return { id: message.id, role: ROLES[type] ?? type, content: message.content };
}
