import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { workflowJsonSchema } from '../src/index.ts';

test('docs/workflow.schema.json is what the contract says (else run scripts/print-schema.ts)', async () => {
  const text = await readFile(new URL('../../../docs/workflow.schema.json', import.meta.url), 'utf8');
  expect(JSON.parse(text)).toEqual(workflowJsonSchema());
});
