/** The page about testing says what is so: its files are written and run, its snippets carried out. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import * as kit from '../src/index.ts';

const page = await readFile(join(import.meta.dirname, '..', '..', '..', 'docs', 'testing.md'), 'utf8');
const snippets = blocksOf('ts').map((text, index) => ({ name: `${index + 1}: ${text.split('\n')[0]}`, text }));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-testing-docs-'));
  for (const text of blocksOf('yaml')) {
    const [, name = 'unnamed'] = /^# file: (\S+)/.exec(text) ?? [];
    await writeFile(join(folder, name), text);
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function blocksOf(language: string): string[] {
  return Array.from(page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm')), ([, text = '']) => text);
}

describe('docs/testing.md', () => {
  test('has test files that hold', async () => {
    const { cases, broken } = await kit.runTestFiles(await kit.findTests([folder]));

    expect(broken).toEqual([]);
    expect(cases.flatMap(({ name, failures }) => failures.map(({ message }) => `${name}: ${message}`))).toEqual([]);
    expect(cases).toHaveLength(3);
  });

  test.each(snippets)('has a snippet that holds, $name', async ({ text }) => {
    const names = ['expect', 'testWorkflow', 'everyOrder', 'everyCrash'];
    const source = text.replaceAll("'workflow.yaml'", JSON.stringify(join(folder, 'workflow.yaml')));
    // oxlint-disable-next-line typescript/no-implied-eval -- the snippets of our own page
    const run = new Function(...names, `return (async () => {${source}})()`);

    await run(expect, kit.testWorkflow, kit.everyOrder, kit.everyCrash);
    expect(snippets.length).toBeGreaterThan(6);
  });
});
