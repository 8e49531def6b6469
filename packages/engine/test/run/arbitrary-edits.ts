/** Random edits of workflow documents, as people make them between two versions. */
import * as fc from 'fast-check';
import { validateDocument } from '../../src/domain/index.ts';
import { env } from '../validate/documents.ts';

type Node = { type: string; needs?: string[]; routes?: Record<string, string> } & Record<string, unknown>;
export type Document = {
  nodes: Record<string, Node>;
  state?: Record<string, object>;
  interruptBefore?: string[];
} & Record<string, unknown>;

/** `pick` and `other` choose nodes, `value` what becomes of them. */
export type Edit = { kind: number; pick: number; other: number; value: number };

export const arbitraryEdits: fc.Arbitrary<Edit[]> = fc.array(
  fc.record({ kind: fc.nat(23), pick: fc.nat(99), other: fc.nat(99), value: fc.nat(11) }),
  { minLength: 1, maxLength: 3 },
);

/** The document after those of the edits that leave it valid. */
export function edited<D extends object>(document: D, edits: readonly Edit[]): D {
  let current = document as unknown as Document;
  for (const edit of edits) {
    const next = structuredClone(current);
    apply(next, edit);
    if (validateDocument(next, env).issues.length === 0) current = next;
  }
  return current as unknown as D;
}

function apply(document: Document, { kind, pick, other, value }: Edit): void {
  const { nodes } = document;
  const names = Object.keys(nodes);
  const name = names[pick % names.length] ?? '';
  const second = names[other % names.length] ?? '';
  const node = nodes[name] as Node;
  switch (kind) {
    case 0:
      document['description'] = `edited ${value}`;
      return;
    case 1:
    case 2:
      nodes[`x${pick}`] = { type: 'task', uses: 'echo', needs: [name, ...(value > 5 ? [second] : [])] };
      return;
    case 3:
    case 4:
      if (node.type === 'task') node['with'] = { other: value, read: value > 5 ? '${state.log}' : `\${${second}}` };
      return;
    case 5:
      node['when'] = value > 5 ? 'input.yes' : 'state.total >= 1.0';
      return;
    case 6:
    case 7:
      removeNode(document, name);
      return;
    case 8:
    case 9:
      node.needs = [...new Set([...(node.needs ?? []), second])];
      return;
    case 10:
    case 11:
      node.needs = (node.needs ?? []).filter((need) => need !== second);
      return;
    case 12:
      node['join'] = ['all', 'any', 'allDone'][value % 3];
      return;
    case 13:
      node['onFailure'] = ['failRun', 'skipDependents', 'continue', { goto: second }][value % 4];
      return;
    case 14:
      nodes[name] = { type: 'task', uses: 'echo', ...(node.needs && { needs: node.needs }) };
      return;
    case 15:
      node['retry'] = { maxAttempts: 1 + (value % 4) };
      return;
    case 16:
      if (value > 5) node['defer'] = true;
      else delete node['defer'];
      return;
    case 17:
      editState(document, value);
      return;
    case 18:
      if (node.routes) node.routes = { ...node.routes, [['a', 'b', 'back', 'd'][value % 4] ?? 'a']: second };
      return;
    case 19:
      document.interruptBefore = value > 5 ? [name] : [];
      return;
    case 20:
      insertBefore(document, name, `y${pick}`);
      return;
    case 21:
      Object.assign(node, value > 5 ? { queueTimeoutMs: 3000 + value } : { tags: [`t${value}`] });
      return;
    case 22:
      if (node.type === 'send')
        Object.assign(node, { concurrency: 1 + value, onItemFailure: value > 5 ? 'fail' : 'continue' });
      return;
    default:
      if (node.type === 'send') node['items'] = '${input.one}';
      else if (node.type === 'interrupt') node['message'] = 'Other?';
      else if (node.type === 'wait') Object.assign(node, { timeoutMs: 2000 });
      else if (node.type === 'transform') node['updates'] = { total: 5 };
      else if (node.type === 'route') node['on'] = 'state.way';
  }
}

function removeNode(document: Document, name: string): void {
  delete document.nodes[name];
  for (const node of Object.values(document.nodes)) {
    if (node.needs) node.needs = node.needs.filter((need) => need !== name);
    if (node.routes) node.routes = Object.fromEntries(Object.entries(node.routes).filter(([, to]) => to !== name));
  }
  for (const list of ['interruptBefore', 'interruptAfter']) {
    if (Array.isArray(document[list])) document[list] = (document[list] as string[]).filter((one) => one !== name);
  }
}

function insertBefore({ nodes }: Document, name: string, between: string): void {
  const node = nodes[name] as Node;
  const [first, ...rest] = node.needs ?? [];
  if (first === undefined) return;
  nodes[between] = { type: 'task', uses: 'echo', needs: [first] };
  node.needs = [between, ...rest];
}

function editState(document: Document, value: number): void {
  const { state } = document;
  if (!state) return;
  if (value === 0) delete state['log'];
  else if (value === 1) state['total'] = { type: 'number', reducer: 'max' };
  else if (value === 2) state['last'] = { type: 'string' };
  else if (value === 3) state['total'] = { type: 'number', reducer: 'add', default: 7 };
  else if (value === 4) state['seen'] = { type: 'object', reducer: 'merge', ephemeral: true };
  else if (value === 5) state['scratch'] = { type: 'number', reducer: 'add' };
  else state[`key${value}`] = { type: 'any', default: value };
}
