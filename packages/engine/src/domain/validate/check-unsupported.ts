import type { StartRun } from '@weft/contract';
import type { Draft, RawObject } from './draft.ts';
import { type DocumentIssue, type IssuePath, Issues, quote } from './document-issue.ts';
import { unsupported } from './unsupported.ts';

/** Fields that the engine cannot run yet. */
export function checkUnsupported(draft: Draft, issues: Issues): void {
  for (const [name, node] of draft.nodes) checkNode(node, ['nodes', name], issues);
}

/** The fields of a request to start a run that would have no effect yet. */
export function unsupportedRunFields(request: StartRun): DocumentIssue[] {
  const issues = new Issues();
  refuseFields(request, [], { fields: unsupported.runFields, issues });
  return issues.list();
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

function refuseFields(
  value: RawObject,
  path: IssuePath,
  { fields, issues }: { fields: string[]; issues: Issues },
): void {
  for (const field of fields) {
    if (value[field] !== undefined) refuse([...path, field], `field ${quote(field)}`, issues);
  }
}

function refuse(path: IssuePath, what: string, issues: Issues): void {
  issues.add('node_type_unsupported', path, `the ${what} is not supported yet`);
}
