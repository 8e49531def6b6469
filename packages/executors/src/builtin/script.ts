import { mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { JsonValue } from '@weft/contract';
import { z } from 'zod';

import { defineExecutor } from '../define.ts';
import { plainText } from '../process/variables.ts';
import { runScript } from '../script/run-script.ts';
import { invalidInput } from '../validation-failure.ts';

const MIB = 1_048_576;
const EXTENSIONS = new Set(['.ts', '.mts', '.js', '.mjs']);

const input = z
  .strictObject({
    source: z.string().min(1).max(MIB).optional(),
    file: plainText.min(1).optional(),
    input: JsonValue.default(null),
    timeoutMs: z.int().min(1).max(86_400_000).default(60_000),
    memoryMb: z.int().min(16).max(16_384).default(256),
    maxBytes: z
      .int()
      .min(1)
      .max(10 * MIB)
      .default(MIB),
  })
  .refine(({ source, file }) => (source === undefined) !== (file === undefined), 'needs "source" or "file", not both');

export default defineExecutor({
  type: 'script',
  description: 'Runs a TypeScript or JavaScript function in a process of its own, with limits.',
  input,
  output: JsonValue,
  example: { source: 'export default (input: { n: number }) => ({ twice: 2 * input.n });', input: { n: 21 } },
  async run(call) {
    const { source, file, ...limits } = call.input;
    // As the system knows it: Node's permissions hold for real paths.
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'weft-script-')));
    try {
      const found = await moduleOf(source, file, folder);
      if (typeof found !== 'string') return found;
      const readable = file === undefined ? [] : [dirname(found)];
      return await runScript({ ...limits, url: pathToFileURL(found).href, readable, folder }, call);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
});

/** Where the module is; a source becomes a file. */
async function moduleOf(source: string | undefined, file: string | undefined, folder: string) {
  if (file === undefined) {
    const path = join(folder, 'script.mts');
    await writeFile(path, source ?? '');
    return path;
  }
  const path = await realpath(resolve(file)).catch(() => null);
  if (path === null || !(await stat(path)).isFile()) return invalidInput('/file', 'there is no such file');
  return EXTENSIONS.has(extname(path)) ? path : invalidInput('/file', `does not end in ${[...EXTENSIONS].join(', ')}`);
}
