/** Sends, and the nodes that they send items to. */
import { backEdges } from '../graph/back-edges.ts';
import { type WrittenEdge, writtenEdges } from '../graph/edges.ts';
import type { Draft, RawObject } from './draft.ts';
import { type IssuePath, type Issues, quote } from './document-issue.ts';

export function checkSends(draft: Draft, issues: Issues): void {
  for (const [name, node] of draft.nodes) {
    if (node['type'] !== 'send') continue;
    checkItems(node['items'], ['nodes', name, 'items'], issues);
    checkTarget(name, node, { draft, issues });
  }
  for (const edge of writtenEdges(draft.edges)) checkOwnEdge(edge, draft, issues);
  checkCircles(draft, issues);
}

/** Text is never an array, so a template must be one reference and nothing else. */
function checkItems(items: unknown, path: IssuePath, issues: Issues): void {
  if (items === undefined || Array.isArray(items)) return;
  if (typeof items !== 'string') return issues.add('bad_type', path, 'items is an array, or a reference to one');
  if (/^\$\{[^}]*\}$/.test(items)) return;
  issues.add(
    'invalid_value',
    path,
    'items is text here: write an array, or a reference to one, such as "${input.list}"',
  );
}

function checkTarget(name: string, node: RawObject, { draft, issues }: { draft: Draft; issues: Issues }): void {
  const target = node['target'];
  if (typeof target !== 'string' || target === '') return;
  const fault = faultOf(target, name, draft);
  const hint = draft.nodeNames.has(target) ? '' : issues.hint(target, draft.nodeNames);
  if (fault !== undefined) issues.add('invalid_send_target', ['nodes', name, 'target'], `${fault}${hint}`);
}

function faultOf(target: string, name: string, { nodeNames, nodes }: Draft): string | undefined {
  if (!nodeNames.has(target)) return `there is no node ${quote(target)}`;
  if (target === name) return `the send ${quote(name)} cannot send to itself`;
  if (nodes.get(target)?.['type'] === 'route') return 'a route cannot be the target of a send: send to a subgraph';
  return undefined;
}

/** The tasks of a target come from the items, whatever its own edges say. */
function checkOwnEdge({ from, to, path }: WrittenEdge, { sendTargets, isSuperstep }: Draft, issues: Issues): void {
  for (const name of new Set([from, to])) {
    const send = sendTargets.get(name);
    // In superstep mode what is sent to triggers what follows it, as any node does.
    if (send === undefined || (isSuperstep && name === from && name !== to)) continue;
    const advice =
      name === to
        ? 'nothing else may lead to it'
        : `what follows it needs ${quote(send)}, and a chain of nodes for each item is a subgraph`;
    issues.add('invalid_send_target', path, `${quote(name)} is the target of the send ${quote(send)}: ${advice}`);
  }
}

/** A send may send to a send, for lists of lists; it must come to an end. */
function checkCircles({ nodes, sendTargets }: Draft, issues: Issues): void {
  const edgesFrom = (name: string): { to: string; from: string }[] => {
    const { type, target } = nodes.get(name) ?? {};
    return type === 'send' && typeof target === 'string' && sendTargets.has(target) ? [{ from: name, to: target }] : [];
  };
  for (const { edge } of backEdges(nodes.keys(), edgesFrom)) {
    if (edge.from === edge.to) continue;
    const message = `the sends send to each other in a circle: ${quote(edge.from)} leads back to ${quote(edge.to)}`;
    issues.add('invalid_send_target', ['nodes', edge.from, 'target'], message);
  }
}
