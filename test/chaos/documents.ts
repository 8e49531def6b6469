import type { WorkflowDocument } from '@weft/contract';

type Nodes = WorkflowDocument['nodes'];
type TaskFields = Omit<Extract<Nodes[string], { type: 'task' }>, 'type'>;

/** As many tasks at once; nothing joins them. */
export function flat(name: string, count: number, fields: TaskFields): WorkflowDocument {
  const nodes = Array.from({ length: count }, (_, n) => [`t${n}`, { type: 'task', ...fields }] as const);
  return { name, nodes: Object.fromEntries(nodes) };
}

/** One task, then `width` at once that write to the state, then one that joins them. */
export function fan(name: string, width: number, fields: TaskFields): WorkflowDocument {
  const names = Array.from({ length: width }, (_, n) => `w${n}`);
  const middle = names.map((node) => [node, { type: 'task', ...fields, needs: ['first'], output: 'done' }] as const);
  return {
    name,
    state: { done: { type: 'array', reducer: 'append', default: [] } },
    nodes: {
      first: { type: 'task', ...fields },
      ...Object.fromEntries(middle),
      last: { type: 'task', uses: 'echo', with: { count: '{{ state.done.size }}' }, needs: names },
    },
  };
}

/** One task. */
export function single(name: string, fields: TaskFields): WorkflowDocument {
  return { name, nodes: { a: { type: 'task', ...fields } } };
}
