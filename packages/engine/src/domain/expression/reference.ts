/** How references are written, and which of them are needed once several are put together. */
import { ExpressionError } from './expression-error.ts';
import { parsePath } from './path.ts';
import type { Reference, ReferenceRoot } from './scope.ts';

const ROOTS: ReadonlySet<string> = new Set<ReferenceRoot>(['input', 'state', 'nodes', 'item', 'config']);

/** Whether the name is one of the five roots. */
export function isReferenceRoot(name: string): name is ReferenceRoot {
  return ROOTS.has(name);
}

/**
 * Reads what stands between `${` and `}`: a root or a node's name, then a path.
 *
 * Throws `bad_template` when it is neither.
 */
export function parseReference(text: string): Reference {
  const path = parsePath(text.trim());
  const [first, ...rest] = path;
  if (typeof first !== 'string' || /[#:/]/.test(first)) {
    throw new ExpressionError(
      'bad_template',
      '${...} must name input, state, item, config or a node; write $${ for a literal ${',
    );
  }
  return isReferenceRoot(first) ? { root: first, path: rest } : { root: 'nodes', path };
}

/** The references without repeats and without those that another one covers. */
export function distinctReferences(references: readonly Reference[]): Reference[] {
  const byLength = references.toSorted((a, b) => a.path.length - b.path.length);
  const kept: Reference[] = [];
  for (const reference of byLength) if (!kept.some((other) => covers(other, reference))) kept.push(reference);
  return kept;
}

function covers(wide: Reference, narrow: Reference): boolean {
  return wide.root === narrow.root && wide.path.every((segment, i) => segment === narrow.path[i]);
}
