/** Random valid workflows of all node types in superstep mode: those of the mode dataflow, with circles of any edges. */
import * as fc from 'fast-check';
import { validateDocument } from '../../../src/domain/index.ts';
import { env } from '../../validate/documents.ts';
import { arbitraryGraph } from '../arbitrary-graph.ts';

const more = fc.record({
  /** Edges between any nodes, of which some lead back. */
  pairs: fc.array(fc.tuple(fc.nat(99), fc.nat(99)), { maxLength: 3, size: 'max' }),
  maxSteps: fc.integer({ min: 1, max: 12 }),
  starts: fc.nat(2),
});

export const arbitrarySteps = fc
  .tuple(arbitraryGraph, more)
  .map(([document, { pairs, maxSteps, starts }]) => {
    const names = Object.keys(document.nodes);
    const tops = names.filter((name) => name.startsWith('n'));
    const roots = tops.filter((name) => (document.nodes[name]?.needs ?? []).length === 0);
    const pick = (list: string[], choice: number): string => list[choice % list.length] ?? '';
    const edges = pairs.map(([from, to]) => [pick(names, from), pick(tops, to)]);
    const begin = starts > 0 ? roots.map((name) => ['__start__', name]) : [];
    return { ...document, mode: 'superstep', maxSteps, edges: [...begin, ...edges] };
  })
  .filter((document) => validateDocument(document, env).issues.length === 0);
