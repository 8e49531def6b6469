import { DANGEROUS_KEYS } from '@weft/contract';
import { asObject } from './draft.ts';
import { type IssuePath, type Issues, quote } from './document-issue.ts';

/** How many levels a document may nest: what it holds is copied, hashed and rendered by recursion. */
export const MAX_DOCUMENT_DEPTH = 64;

/**
 * What must hold before anything else looks at the value: its depth, its number of nodes, and no name that reaches into
 * a prototype. False if the other checks must not run.
 */
export function checkBounds(value: unknown, maxNodes: number, issues: Issues): boolean {
  const nodes = asObject(asObject(value)?.['nodes']);
  const count = nodes ? Object.keys(nodes).length : 0;
  if (count > maxNodes) {
    issues.add('limit_nodes', ['nodes'], `the document has ${count} nodes; the limit is ${maxNodes}`);
    return false;
  }
  return checkTree(value, issues);
}

type Place = { value: object; above: Place | null; token: string | number; depth: number };

/** Goes through the value without recursion; paths are made only where something is wrong. */
function checkTree(root: unknown, issues: Issues): boolean {
  if (typeof root !== 'object' || root === null) return true;
  const open: Place[] = [{ value: root, above: null, token: '', depth: 1 }];
  for (let place = open.pop(); place; place = open.pop()) {
    if (place.depth > MAX_DOCUMENT_DEPTH) {
      issues.add('limit_depth', pathOf(place), `nested more than ${MAX_DOCUMENT_DEPTH} levels deep`);
      return false;
    }
    checkNames(place, issues);
    for (const [token, value] of Object.entries(place.value)) {
      if (typeof value !== 'object' || value === null) continue;
      open.push({ value, above: place, token, depth: place.depth + 1 });
    }
  }
  return true;
}

function checkNames(place: Place, issues: Issues): void {
  for (const name of DANGEROUS_KEYS) {
    if (!Object.hasOwn(place.value, name)) continue;
    issues.add('bad_name', [...pathOf(place), name], `the name ${quote(name)} is not allowed`);
  }
}

function pathOf(place: Place): IssuePath {
  const path: (string | number)[] = [];
  for (let at = place; at.above; at = at.above) path.unshift(at.token);
  return path;
}
