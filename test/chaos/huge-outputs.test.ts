import { readFileSync, writeFileSync } from 'node:fs';

import type { JsonObject } from '@weft/contract';
import { testRedisUrl } from '@weft/testkit';
import { startServer } from '@weft/testkit/local-server';
import { describe, expect, onTestFinished, test } from 'vitest';

import { openMesh, startRuns } from './use-mesh.ts';
import type { Mesh } from './use-mesh.ts';

const SOON = { timeout: 60_000, interval: 50 };
const HUGE = 50_000_000;
/** Of four times 50 MB, two at once: what it keeps, and garbage that waits to be collected. */
const MOST_GROWTH_KIB = 64 * 1024;

const one = (task: JsonObject): JsonObject => ({ name: 'one', nodes: { one: { type: 'task', ...task } } });
const sh = (script: string): JsonObject => ({
  uses: 'process',
  with: { command: 'sh', args: ['-c', script], events: true },
});

/** How a run of one such task ended. */
async function errorOf(mesh: Mesh, id: string): Promise<string | undefined> {
  const run = () => mesh.store.reader.run('default', id);
  await expect.poll(async () => (await run())?.endedAt ?? null, SOON).not.toBeNull();
  const [task] = await mesh.store.reader.tasks(id, { limit: 1, after: null });
  expect(task).toMatchObject({ crashes: 0 });
  return task?.error?.code;
}

function memoryOf(pid: number, what: 'VmRSS' | 'VmHWM'): number {
  return Number(new RegExp(`^${what}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

/** From now on the highest of its memory is counted anew. */
const forgetHighest = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5');

describe.skipIf(testRedisUrl() === null || process.platform !== 'linux')('a worker', () => {
  test('F42: that gets 50 MB of a command or of a server cuts them off, and does not grow by them', async () => {
    const { base, close } = await startServer((request, response) => {
      if (request.url === '/small')
        return void response.writeHead(200, { 'content-type': 'application/json' }).end('1');
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': HUGE });
      for (let sent = 0; sent < HUGE; sent += HUGE / 50) response.write(Buffer.alloc(HUGE / 50, 'x'));
      return void response.end();
    });
    onTestFinished(close);
    const mesh = await openMesh();
    const [producer, worker] = await Promise.all([mesh.producer(), mesh.worker('--concurrency=2')]);
    const errorsOf = async (task: JsonObject, count: number) =>
      Promise.all((await startRuns(producer, count, one(task))).map((id) => errorOf(mesh, id)));
    const get = (path: string): JsonObject => ({ uses: 'http', with: { url: `${base}${path}` } });
    // The first of each loads what it needs.
    expect(await errorsOf(sh('echo 1'), 4)).toEqual(Array(4).fill(undefined));
    expect(await errorsOf(get('/small'), 4)).toEqual(Array(4).fill(undefined));

    const { pid } = worker.ready;
    for (const [task, code] of [
      [sh(`head -c ${HUGE} /dev/zero`), 'output_too_large'],
      [sh(`head -c ${HUGE} /dev/zero >&2`), 'output_too_large'],
      [sh(`head -c ${HUGE} /dev/zero >&3`), undefined],
      [get('/huge'), 'response_too_large'],
    ] as const) {
      forgetHighest(pid);
      const before = memoryOf(pid, 'VmRSS');
      expect(await errorsOf(task, 4)).toEqual(Array(4).fill(code));
      const grown = memoryOf(pid, 'VmHWM') - before;
      expect(grown, JSON.stringify(task)).toBeLessThan(MOST_GROWTH_KIB);
    }
  });
});
