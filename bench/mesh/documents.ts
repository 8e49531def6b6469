/** The workflows of the three shapes. */
import type { WorkflowDocument } from '@weft/contract';

import { PAYLOAD } from './side.ts';

const TASK = { type: 'task' as const, uses: 'echo', with: { payload: PAYLOAD } };

export function chain(length: number): WorkflowDocument {
  const nodes = Array.from({ length }, (_, n) => [`n${n}`, { ...TASK, ...(n > 0 && { needs: [`n${n - 1}`] }) }]);
  return { name: `bench-chain-${length}`, nodes: Object.fromEntries(nodes) };
}

export function fan(width: number): WorkflowDocument {
  const names = Array.from({ length: width }, (_, n) => `w${n}`);
  const middle = names.map((name) => [name, { ...TASK, needs: ['first'] }]);
  return {
    name: `bench-fan-${width}`,
    nodes: { first: TASK, ...Object.fromEntries(middle), last: { ...TASK, needs: names } },
  };
}

/** The same workflow in superstep mode, under a name of its own. */
export function superstep(document: WorkflowDocument): WorkflowDocument {
  return { ...document, name: `${document.name}-superstep`, mode: 'superstep' };
}
