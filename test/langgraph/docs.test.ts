import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { GROUPS } from './case.ts';
import { cases } from './cases/index.ts';

test('docs/langgraph.md lists the cases in which Weft does something else, and why', async () => {
  const page = await readFile(join(import.meta.dirname, '..', '..', 'docs', 'langgraph.md'), 'utf8');
  const [, table = ''] = page.split('| | LangGraph | Weft does otherwise, because |\n|---|---|---|\n');
  const rows = cases.flatMap(({ group, name, differs }) =>
    differs ? [`| ${group} | ${name} | ${differs.because} |`] : [],
  );

  expect(table.split('\n\n')[0]?.split('\n')).toEqual(rows);
});

test('there are cases of every group, each with a name of its own', () => {
  expect(new Set(cases.map(({ group }) => group))).toEqual(new Set(GROUPS));
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
});
