import { createHash } from 'node:crypto';
import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';

import { JsonRecord, JsonValue } from '@weft/contract';
import { z } from 'zod';

import { defineExecutor } from '../define.ts';
import { plainText } from '../process/variables.ts';
import type { PythonCode } from '../python/run-python.ts';
import { runPython } from '../python/run-python.ts';
import { invalidInput } from '../validation-failure.ts';

const MIB = 1_048_576;

const dotted = z.string().regex(/^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/, 'not the name of a module');

const input = z
  .strictObject({
    module: dotted.optional(),
    file: plainText.min(1).optional(),
    source: z.string().min(1).max(MIB).optional(),
    function: z.string().min(1).max(200).optional(),
    args: z.union([JsonRecord, z.array(JsonValue)], 'expected an object (by name) or a list (by place)').default({}),
    memoryMb: z.int().min(32).max(1_048_576).default(1_024),
    maxBytes: z
      .int()
      .min(1)
      .max(10 * MIB)
      .default(MIB),
  })
  .refine(
    (given) => [given.module, given.file, given.source].filter((one) => one !== undefined).length === 1,
    'needs one of "module", "file" and "source"',
  );

export default defineExecutor({
  type: 'python',
  description: 'Runs a Python function in a process that stays warm.',
  input,
  output: JsonValue,
  example: {
    source: 'from weft_tasks import task\n\n@task\ndef double(n):\n    return {"twice": 2 * n}\n',
    args: { n: 21 },
  },
  async run({ input: request, ...call }) {
    const code = await codeOf(request);
    if ('kind' in code && code.kind === 'failed') return code;
    return await runPython({ ...request, function: request.function, code }, { ...call, input: null });
  },
});

type Request = z.output<typeof input>;

async function codeOf({ module, file, source }: Request): Promise<PythonCode | ReturnType<typeof invalidInput>> {
  if (module !== undefined) return { kind: 'module', where: module, version: '' };
  if (source !== undefined) return { kind: 'source', where: source, version: hash(source) };
  const path = await realpath(resolve(file ?? '')).catch(() => null);
  const found = path === null ? null : await stat(path);
  if (path === null || !found?.isFile()) return invalidInput('/file', 'there is no such file');
  return { kind: 'file', where: path, version: `${found.mtimeMs} ${found.size}` };
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
