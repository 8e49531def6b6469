/** What of a node a task does or waits for: the parts that must not change under a task that has begun. */
import type { Json, WorkflowNode } from '@weft/contract';

import { canonicalJson } from '../content-hash.ts';
import type { Graph } from '../graph/graph.ts';
import { isPrompted, promptsOf, settingsOf } from '../graph/prompted.ts';

/** Whether a task of the node would do or wait for something else. What becomes of its result is not part of it. */
export function workChanged(from: Graph, to: Graph, name: string): boolean {
  const [before, after] = [from.document.nodes[name], to.document.nodes[name]];
  if (before === undefined || after === undefined) return before !== after;
  return canonicalJson(workOf(before)) !== canonicalJson(workOf(after));
}

/** Whether a task that is handed out by the one version stands where the other would have it. */
export function placeChanged(from: Graph, to: Graph, name: string): boolean {
  const [before, after] = [from.nodes.get(name), to.nodes.get(name)];
  return before?.lane !== after?.lane || before?.queueTimeoutMs !== after?.queueTimeoutMs;
}

function workOf(node: WorkflowNode): Json {
  return JSON.parse(JSON.stringify(partsOf(node))) as Json;
}

function partsOf(node: WorkflowNode): object {
  switch (node.type) {
    case 'task':
      return isPrompted(node) ? [promptsOf(node), settingsOf(node)] : [node.uses, node.with ?? {}];
    case 'agent':
      return [promptsOf(node), settingsOf(node)];
    case 'route':
      return [node.on];
    case 'transform':
      return [node.updates];
    case 'interrupt':
      return [node.message, node.answerSchema, node.expiresMs, node.default];
    case 'send':
      return [node.items, node.target];
    case 'subgraph':
      return [node.workflow, node.input ?? {}];
    case 'wait':
      return [node.ms, node.until, node.signal, node.timeoutMs, node.payloadSchema];
    default:
      return node;
  }
}
