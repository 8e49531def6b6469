/** Results that are taken again. */
import type { Case } from '../case.ts';
import { work } from '../graph.ts';

export const cache: Omit<Case, 'group'>[] = [
  {
    name: 'an equal call of a cached node is not made again, and its writes are',
    graph: {
      channels: { k: 'last', ks: 'last', sum: 'add', round: 'add' },
      nodes: {
        pick: work(({ round, ks }) => ({ update: { k: (ks as number[])[Number(round)] ?? null, round: 1 } })),
        cached: work(({ n }) => ({ update: { sum: Number(n) } }), { cached: true }),
      },
      edges: ['START -> pick'],
      fans: [{ from: 'pick', items: 'k', to: 'cached' }],
      choices: { pick: "state.round < 3 ? 'pick' : 'END'" },
    },
    input: { ks: [[{ n: 1 }], [{ n: 1 }], [{ n: 2 }]] },
    expects: {
      ends: 'succeeded',
      calls: { cached: 2, pick: 3 },
      state: { k: [{ n: 2 }], ks: [[{ n: 1 }], [{ n: 1 }], [{ n: 2 }]], sum: 4, round: 3 },
    },
  },
];
