import { existsSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

const DOCS = join(import.meta.dirname, '..', 'docs');
const FAULTS = Array.from({ length: 64 }, (_, index) => `F${String(index + 1).padStart(2, '0')}`);

type Row = { fault: string; what: string; tests: string[] };

/** The rows of the matrix in `docs/reliability.md`. */
function rows(): Row[] {
  const lines = readFileSync(join(DOCS, 'reliability.md'), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [fault, , what = '', tests = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    if (!fault || !/^F\d\d\b/.test(fault)) return [];
    return [
      { fault: fault.slice(0, 3), what, tests: Array.from(tests.matchAll(/\]\(([^)]+)\)/g), ([, path = '']) => path) },
    ];
  });
}

describe('the fault matrix', () => {
  test('has every fault', () => {
    expect([...new Set(rows().map(({ fault }) => fault))]).toEqual(FAULTS);
  });

  test('names tests that bear the number of their fault, or says why there is none', () => {
    const lacking = rows().flatMap(({ fault, what, tests }) => {
      if (tests.length === 0) return /^(Does not apply|Not tested yet)/.test(what) ? [] : [`${fault} has no test`];
      return tests.flatMap((path) => {
        const file = normalize(join(DOCS, path));
        const bears = existsSync(file) && new RegExp(`['" ]${fault}\\b`).test(readFileSync(file, 'utf8'));
        return bears ? [] : [`${path} does not bear ${fault}`];
      });
    });
    expect(lacking).toEqual([]);
  });
});
