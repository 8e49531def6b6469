import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { ExecutorFileError, executorTypes, loadExecutors } from '@weft/executors';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';

let folder: string;
let url: URL;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weft-executors-'));
  url = pathToFileURL(`${folder}/`);
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const DEFINITION = (type: string) =>
  `export default { type: '${type}', description: 'D.', example: 1, schema: {}, run: async () => ({ kind: 'succeeded', output: 1 }) };`;

describe('a folder of executors', () => {
  test('gives one executor per file, keyed by type', async () => {
    await writeFile(join(folder, 'two.ts'), DEFINITION('two'));
    await writeFile(join(folder, 'one.ts'), DEFINITION('one'));
    await writeFile(join(folder, 'README.md'), 'not an executor');

    expect(await executorTypes(url)).toEqual(['one', 'two']);
    expect([...(await loadExecutors(url)).keys()]).toEqual(['one', 'two']);
  });

  test('refuses a file whose type is not its name', async () => {
    await writeFile(join(folder, 'one.ts'), DEFINITION('other'));

    await expect(loadExecutors(url)).rejects.toThrow('one.ts: the type is "other"');
  });

  test('refuses a file without an executor', async () => {
    await writeFile(join(folder, 'one.ts'), 'export default 42;');

    await expect(loadExecutors(url)).rejects.toBeInstanceOf(ExecutorFileError);
    await expect(loadExecutors(url)).rejects.toMatchObject({ code: 'bad_executor_file' });
  });
});

test('the inputs and outputs of all built-in executors can be printed as JSON Schema', async () => {
  for (const { schema } of (await loadExecutors()).values()) {
    expect(z.toJSONSchema(schema.input, { target: 'draft-07', io: 'input' })).toHaveProperty('$schema');
    expect(z.toJSONSchema(schema.output, { target: 'draft-07' })).toHaveProperty('$schema');
  }
});
