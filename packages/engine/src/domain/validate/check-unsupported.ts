import type { Draft, RawObject } from './draft.ts';
import type { IssuePath, Issues } from './document-issue.ts';

/** Fields that the engine cannot run yet. */
export function checkUnsupported(draft: Draft, issues: Issues): void {
  for (const [name, node] of draft.nodes) checkNode(node, ['nodes', name], issues);
}

function checkNode(node: RawObject, path: IssuePath, issues: Issues): void {
  const type = node['type'];
  if (type === 'task' || type === 'agent') return;
  for (const field of ['cost', 'concurrencyKey']) {
    if (node[field] === undefined) continue;
    const message = `only nodes of type task and agent have a ${field}: nothing else takes a worker`;
    issues.add('node_type_unsupported', [...path, field], message);
  }
}
