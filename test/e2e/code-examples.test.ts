/** The example of code in processes and containers, as its page says: the stack, and the command line beside it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { startContainerEngine } from '@weft/testkit/container-engine';
import { afterAll, beforeAll, expect, test } from 'vitest';

import type { DevProcess } from './dev-process.ts';
import { startDevProcess } from './dev-process.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const MAIN = join(ROOT, 'apps', 'cli', 'src', 'main.ts');

const hasPython = spawnSync('python3', ['--version']).status === 0;
const engine = await startContainerEngine();
if (typeof engine === 'string') process.stderr.write(`weft: ${engine}, so the example with a container is not run\n`);

let dataDir: string;
let stack: DevProcess;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'weft-code-'));
  const before = process.env['DOCKER_HOST'];
  if (typeof engine !== 'string') process.env['DOCKER_HOST'] = engine.host;
  stack = await startDevProcess(dataDir);
  if (before === undefined) delete process.env['DOCKER_HOST'];
  else process.env['DOCKER_HOST'] = before;
});

afterAll(async () => {
  await stack?.stop();
  if (typeof engine !== 'string') await engine.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function weft(...args: string[]): Promise<{ code: unknown; out: string; err: string }> {
  const child = spawn(process.execPath, [MAIN, '--url', stack.url, 'run', ...args], { cwd: ROOT });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, err };
}

test.runIf(hasPython)('the example polyglot counts in TypeScript and rates in Python', async () => {
  const { out, err } = await weft('examples/polyglot', '-i', 'text=to be or not to be');

  expect(err).toContain('succeeded');
  expect(JSON.parse(out)).toEqual({ best: 'to', points: 4, mean: 3.25 });
});

test.runIf(hasPython)('the example polyglot fails with the code that its Python gives', async () => {
  const { code, err } = await weft('examples/polyglot', '-i', 'text=1 2 3');

  expect(code).toBe(1);
  expect(err).toContain('no_words');
});

test.runIf(typeof engine !== 'string')('the example of a container gives its file as an artifact', async () => {
  const image = typeof engine === 'string' ? '' : engine.image;
  const words = ['-i', 'words=["pear", "apple", "pear"]'];
  const { out, err } = await weft('examples/polyglot/container.yaml', ...words, '-i', `image=${image}`);

  expect(err).toContain('succeeded');
  expect(JSON.parse(out)).toMatchObject({
    words: 2,
    sorted: { 'sorted.txt': { name: 'sorted.txt', mediaType: 'text/plain', bytes: 11 } },
  });
});
