import { readdirSync, readFileSync } from 'node:fs';

import type { JsonObject } from '@weft/contract';
import { testRedisUrl } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { chain, openMesh, startRuns } from '../use-mesh.ts';
import { openSink } from './sink.ts';

const SOON = { timeout: 60_000, interval: 20 };
const COUNT = 150;

async function openOutside() {
  const mesh = await openMesh();
  const [producer, sink] = await Promise.all([mesh.producer(), openSink(), mesh.worker(), mesh.worker()]);
  const http = (path: string, fields: JsonObject) => {
    return {
      uses: 'http',
      with: { url: `${sink.url}${path}`, method: 'POST' },
      outputMapping: { total: 'body.n' },
      ...fields,
    };
  };
  const send = (count: number, fields: JsonObject) => startRuns(producer, count, chain(1, fields));
  const errorOf = async (id: string) => (await mesh.store.reader.run('default', id))?.error;
  const tasksOf = async (id: string) => mesh.store.reader.tasks(id, { limit: 10, after: null });
  return { mesh, sink, http, send, errorOf, tasksOf };
}

/** Whether a process of this machine was started with these words. */
function isAlive(words: string): boolean {
  const ids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return ids.some((id) => {
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() === words;
    } catch {
      return false;
    }
  });
}

describe.skipIf(testRedisUrl() === null)('services outside', () => {
  test('F60: that answer 429 and 503 to all at once are asked again when they said, and never much more often', async () => {
    const { mesh, sink, http, send } = await openOutside();
    const ids = await send(COUNT, http('/storm', { retry: { maxAttempts: 6, initialMs: 200 } }));
    const fine = await send(20, http('/fine', {}));
    await mesh.allSucceed([...ids, ...fine], 1);

    const storm = sink.calls.filter(({ path }) => path === '/storm');
    const byKey = Map.groupBy(storm, ({ key }) => key);
    expect(byKey.size).toBe(COUNT);
    const waits = Array.from(byKey.values(), ([first, second]) => (second?.at ?? 0) - (first?.at ?? 0));
    expect(Math.min(...waits)).toBeGreaterThan(980);
    expect(storm.length).toBeLessThan(2.5 * COUNT);
  });

  test.each(['/hang', '/drip'])(
    'F41 F60: one that answers like %s is given up in time, attempt for attempt',
    async (path) => {
      const { mesh, sink, http, send, errorOf, tasksOf } = await openOutside();
      const [id = ''] = await send(1, http(path, { timeoutMs: 700, retry: { maxAttempts: 2, initialMs: 50 } }));
      const fine = await send(20, http('/fine', {}));
      await mesh.allSucceed(fine, 1);
      await expect.poll(() => errorOf(id), SOON).toMatchObject({ code: 'timeout' });

      expect(sink.calls.filter((call) => call.path === path)).toHaveLength(2);
      expect(await tasksOf(id)).toMatchObject([{ status: 'failed', attempt: 2, failures: 2, crashes: 0 }]);
    },
  );

  test('F41 F44: processes that hang are ended with all that they have begun, and one that crashes has failed', async () => {
    const { send, errorOf } = await openOutside();
    const shell = (script: string) => ({
      uses: 'process',
      with: { command: 'sh', args: ['-c', script] },
      timeoutMs: 900,
    });
    const [hanging = ''] = await send(1, shell('trap "" TERM; sleep 61.125 & sleep 61.5'));
    await expect.poll(() => isAlive('sleep 61.125'), SOON).toBe(true);
    const [crashing = ''] = await send(1, shell('kill -SEGV $$'));
    await expect.poll(() => errorOf(hanging), SOON).toMatchObject({ code: 'timeout' });
    await expect.poll(() => errorOf(crashing), SOON).toMatchObject({ code: 'process_exit' });

    await expect.poll(() => isAlive('sleep 61.125') || isAlive('sleep 61.5'), SOON).toBe(false);
  });
});
