import { DANGEROUS_KEYS, type Json } from '@weft/contract';
import { type ImportLog, type ImportPath, quote } from './import-log.ts';

/** How many levels a foreign document may nest: it is walked by recursion. */
const MAX_DEPTH = 64;

type Place = { value: object; above: Place | null; token: string | number; depth: number };

/**
 * Whether the value may be walked: not nested too deep, no name that reaches into a prototype. What is wrong is logged. A
 * text that was parsed here has been checked already; a value that comes from elsewhere has not.
 */
export function checkTree(root: Json, log: ImportLog): boolean {
  if (typeof root !== 'object' || root === null) return true;
  const open: Place[] = [{ value: root, above: null, token: '', depth: 1 }];
  for (let place = open.pop(); place; place = open.pop()) {
    if (place.depth > MAX_DEPTH) {
      log.error('limit_depth', pathOf(place), `nested more than ${MAX_DEPTH} levels deep`);
      return false;
    }
    checkNames(place, log);
    for (const [token, value] of Object.entries(place.value)) {
      if (typeof value !== 'object' || value === null) continue;
      open.push({ value, above: place, token, depth: place.depth + 1 });
    }
  }
  return !log.hasErrors;
}

function checkNames(place: Place, log: ImportLog): void {
  for (const name of DANGEROUS_KEYS) {
    if (!Object.hasOwn(place.value, name)) continue;
    log.error('bad_name', [...pathOf(place), name], `the name ${quote(name)} is not allowed`);
  }
}

function pathOf(place: Place): ImportPath {
  const path: (string | number)[] = [];
  for (let at = place; at.above; at = at.above) path.unshift(at.token);
  return path;
}
