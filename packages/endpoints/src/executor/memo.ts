/** What one attempt of a conversation leaves to the next: it is all that survives the worker. */
import type { Json } from '@weft/contract';
import { JsonRecord, JsonValue } from '@weft/contract';
import { z } from 'zod';

const Call = z.object({ id: z.string(), name: z.string(), arguments: JsonValue });

const Message = z.object({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string().nullable(),
  toolCalls: z.array(Call).exactOptional(),
  toolCallId: z.string().exactOptional(),
});

/** `tried`: endpoints at which this request has failed. `waits`: how often in a row none had room. */
export const AskMemo = z.object({
  tried: z.array(z.string()),
  waits: z.int(),
  pending: z
    .object({ endpoint: z.string(), memo: JsonValue, callId: z.string(), since: z.number(), why: JsonValue })
    .nullable(),
});
export type AskMemo = z.infer<typeof AskMemo>;

export const NEW_ASK: AskMemo = { tried: [], waits: 0, pending: null };

const ListedTool = z.object({ name: z.string(), tool: z.string(), description: z.string(), parameters: JsonRecord });
export type ListedTool = z.infer<typeof ListedTool>;

/** `listing`, `listed`: which tools each MCP server has, as it is asked once. `startedAt`: epoch ms. `runs`: what tools were asked for and has not been told yet. */
const Memo = z.object({
  startedAt: z.number(),
  turns: z.int(),
  repairs: z.int(),
  messages: z.array(Message),
  session: z.string().nullable(),
  last: z.object({ output: JsonValue }).nullable(),
  ask: AskMemo,
  runs: z.array(z.object({ callId: z.string(), tool: z.string(), runId: z.string() })),
  listing: z.array(z.object({ entry: z.string(), runId: z.string() })).default([]),
  listed: z.record(z.string(), z.array(ListedTool)).default({}),
});
export type Memo = z.infer<typeof Memo>;

export function readMemo(memo: Json, now: number): Memo {
  const parsed = Memo.safeParse(memo);
  if (parsed.success) return parsed.data;
  return {
    startedAt: now,
    turns: 0,
    repairs: 0,
    messages: [],
    session: null,
    last: null,
    ask: NEW_ASK,
    runs: [],
    listing: [],
    listed: {},
  };
}

/** As JSON: whatever is undefined in it is left out. */
export function writeMemo(memo: Memo): Json {
  return JSON.parse(JSON.stringify(memo)) as Json;
}
