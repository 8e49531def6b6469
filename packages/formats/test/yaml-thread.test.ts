import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const program = `
  import { parseDocument } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
  const parsed = await parseDocument('a: [1, 2]', 'yaml');
  console.log(JSON.stringify(parsed.value));
`;

test('the thread starts without a build and does not keep a process alive', async () => {
  const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { timeout: 9000 });
  expect((await run).stdout.trim()).toBe('{"a":[1,2]}');
}, 10_000);
