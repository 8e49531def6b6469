import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { MUTANTS, PATCHES } from './mutants.ts';
import { apply } from './mutate.ts';
import { trial } from './trial.ts';

const root = join(import.meta.dirname, '../..');

test.each(Object.entries(PATCHES))('the line that the mutant %s changes is there, once', (_, patch) => {
  expect(apply(patch, readFileSync(join(root, patch.file), 'utf8'))).not.toBe('');
});

test('a mutant whose line is gone is an error', () => {
  expect(() => apply({ file: 'a.ts', from: 'gone', to: '' }, 'source')).toThrow(
    'a.ts has this line 0 times, not once: gone',
  );
});

test.each(MUTANTS.filter(({ isQuick }) => isQuick))(
  'the simulation finds this breakage: $name',
  async ({ patches, catcher }) => {
    expect(await trial(patches, catcher)).toMatch(/^seed \d+: /);
  },
  300_000,
);
