import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import type { Json } from '@weft/contract';
import { executorTypes, loadExecutors } from '@weft/executors';
import type { ExecutorConformanceOptions } from '@weft/testkit/conformance/executor';
import { executorConformance } from '@weft/testkit/conformance/executor';
import { startContainerEngine } from '@weft/testkit/container-engine';
import { startOpenaiServer } from '@weft/testkit/openai-server';
import { afterAll, expect, test } from 'vitest';

/** Answers at once, except below /slow: there the body never ends. */
const server = createServer((request, response) => {
  response.writeHead(200, { 'content-type': 'application/json' });
  if (request.url === '/slow') response.flushHeaders();
  else response.end('{"ok":true}');
});
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

/** The model `slow` begins its answer, and goes no further. */
const models = await startOpenaiServer(({ body }) => ({
  kind: 'completion',
  pieces: ['Hello'],
  usage: [1, 1],
  ...(body['model'] === 'slow' ? { fault: 'hang' } : {}),
}));

afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await models.close();
  if (typeof engine !== 'string') await engine.stop();
});

const HANG = 'console.log("here"); setInterval(() => {}, 1000)';

const SLOW_PYTHON = 'from weft_tasks import task\n\n@task\ndef slow(ctx):\n  ctx.heartbeat()\n  while True: pass\n';

const image = () => (typeof engine === 'string' ? '' : engine.image);

const surroundings: Record<string, Omit<ExecutorConformanceOptions, 'fileName'>> = {
  container: {
    input: () => ({ image: image(), command: ['true'] }),
    slow: () => ({
      input: { image: image(), command: ['sh', '-c', "trap '' TERM; echo up; while :; do sleep 1; done"] },
      underWay: 'heartbeat',
    }),
  },
  http: { input: () => ({ url: base }), slow: () => ({ input: { url: `${base}/slow` }, underWay: 'heartbeat' }) },
  openai: {
    input: () => ({ baseUrl: models.baseUrl, model: 'quick', prompt: 'Hi' }),
    slow: () => ({ input: { baseUrl: models.baseUrl, model: 'slow', prompt: 'Hi' }, underWay: 'heartbeat' }),
  },
  process: {
    slow: () => ({ input: { command: process.execPath, args: ['-e', HANG] } satisfies Json, underWay: 'heartbeat' }),
  },
  python: {
    slow: () => ({ input: { source: SLOW_PYTHON }, underWay: 'heartbeat' }),
  },
  script: {
    slow: () => ({
      input: { source: 'export default (_, ctx) => { ctx.heartbeat(); for (;;); }' },
      underWay: 'heartbeat',
    }),
  },
  sleep: { slow: () => ({ input: { ms: 600_000 }, underWay: 'called' }) },
};

/** Held to the same in suites of their own, which have what they work with. */
const ELSEWHERE = new Set(['embed', 'mcp', 'rag', 'sql']);

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) process.stderr.write('weft: there is no python3 here, so the executor python is not tested\n');

const engine = await startContainerEngine();
if (typeof engine === 'string') process.stderr.write(`weft: ${engine}, so the executor container is not tested\n`);
else process.env['DOCKER_HOST'] = engine.host;

for (const [fileName, executor] of await loadExecutors()) {
  if (ELSEWHERE.has(fileName) || (fileName === 'python' && !hasPython)) continue;
  if (fileName === 'container' && typeof engine === 'string') continue;
  executorConformance(executor, { fileName, ...surroundings[fileName] });
}

test('the folder holds the built-in executors', async () => {
  expect(await executorTypes()).toEqual([
    'container',
    'echo',
    'embed',
    'file',
    'http',
    'mcp',
    'openai',
    'process',
    'python',
    'rag',
    'script',
    'sleep',
    'sql',
  ]);
});
