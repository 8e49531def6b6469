/** Nodes with a prompt: whoever does their work is chosen among the endpoints, and asked. */
import type { AgentNode, JsonObject, TaskNode, WorkflowNode } from '@weft/contract';

import { endpointKey } from '../endpoints/endpoint-key.ts';

/** What carries out nodes with a prompt; no document names these in `uses`. */
export const ENDPOINT_EXECUTOR = 'endpoint';
export const AGENT_EXECUTOR = 'agent';

type PromptedNode = AgentNode | (TaskNode & { prompt: string });

export function isPrompted(node: WorkflowNode): node is PromptedNode {
  return node.type === 'agent' || (node.type === 'task' && node.prompt !== undefined);
}

/** The texts, which are templates. */
export function promptsOf(node: PromptedNode): JsonObject {
  const { prompt, system } = node;
  const more = node.type === 'agent' ? node.continuePrompt : undefined;
  return { prompt, ...(system !== undefined && { system }), ...(more !== undefined && { continuePrompt: more }) };
}

/** What is said of the work beside them, as it stands in the document. */
export function settingsOf(node: PromptedNode): JsonObject {
  const { tags = [], endpoint = {}, outputSchema } = node;
  const common = { tags, endpoint, ...(outputSchema && { outputSchema }) };
  if (node.type === 'task') return asJson(common);
  const { maxTurns, turnTimeoutMs, loopTimeoutMs, tools } = node;
  return asJson({ ...common, maxTurns, turnTimeoutMs, loopTimeoutMs, tools });
}

/** The key under which limits count its tasks: it says which endpoints can take them. */
export function limitKeyOfPrompted({ endpoint, tags = [] }: PromptedNode): string {
  return endpointKey({ pin: endpoint?.pin ?? null, tags });
}

/** Without what is undefined. */
function asJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
