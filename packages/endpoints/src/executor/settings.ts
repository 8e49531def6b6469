/** The input of a node with a prompt: its rendered texts, and what the document says beside them. */
import { AgentTool, EndpointChoice, JsonRecord } from '@weft/contract';
import { z } from 'zod';

const Ms = z.number().min(0);

export const Settings = z.object({
  prompt: z.string(),
  system: z.string().optional(),
  continuePrompt: z.string().optional(),
  tags: z.array(z.string()).default([]),
  endpoint: EndpointChoice.default({}),
  outputSchema: JsonRecord.optional(),
  maxTurns: z.int().min(1).optional(),
  turnTimeoutMs: Ms.optional(),
  loopTimeoutMs: Ms.optional(),
  tools: z.record(z.string(), AgentTool).default({}),
});
export type Settings = z.infer<typeof Settings>;

const TURNS = 10;

/** How many answers are asked for at most; only who is asked to go on, or has tools, takes more than one. */
export function mostTurns({ maxTurns, continuePrompt, tools }: Settings): number {
  const goesOn = continuePrompt !== undefined || Object.keys(tools).length > 0;
  return goesOn ? (maxTurns ?? TURNS) : 1;
}
