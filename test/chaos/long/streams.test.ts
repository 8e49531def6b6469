import { setTimeout as pause } from 'node:timers/promises';

import { createClient } from '@weft/sdk';
import type { Watch } from '@weft/sdk';
import { openTcpProxy, testRedisUrl } from '@weft/testkit';
import { describe, expect, onTestFinished, test } from 'vitest';

import { recordRecovery } from '../recovery.ts';
import { chain, openMesh, startRuns } from '../use-mesh.ts';

const PATIENCE = { timeout: 90_000, interval: 50 };
const CLIENTS = 1000;
const STORMS = 3;

/** A run whose tasks take `ms` each, one after another, and how its steps are numbered. */
async function openLongRun(tasks: number, ms: number) {
  const mesh = await openMesh();
  const [producer] = await Promise.all([mesh.producer(), mesh.worker()]);
  const proxy = await openTcpProxy(producer.ready.url ?? '');
  onTestFinished(() => proxy.close());
  const workflow = chain(tasks, { uses: 'handler:work', with: { notes: mesh.notes, ms } });
  const [id = ''] = await startRuns(producer, 1, workflow);
  const steps = Array.from({ length: tasks + 2 }, (_, index) => index + 1);
  return { mesh, proxy, id, steps };
}

describe.skipIf(testRedisUrl() === null)('clients that lose their connection again and again', () => {
  test(`F39: ${CLIENTS} of them over WebSockets come back, and none misses a step`, async () => {
    const { proxy, id, steps } = await openLongRun(150, 200);
    const client = createClient({ url: proxy.url });
    const connected = new Set<number>();
    const ended = new Set<number>();
    const seen = Array.from({ length: CLIENTS }, (): number[] => []);
    const watches = seen.map((mine, n): Watch => {
      const watch = client.watch({
        onConnection: (stands) => void (stands ? connected.add(n) : connected.delete(n)),
      });
      watch.subscribe(
        `run:${id}`,
        {
          onEvents: (events) =>
            mine.push(...events.flatMap((event) => (event.n === undefined ? [event.step ?? -1] : []))),
          onEnd: () => void ended.add(n),
        },
        { modes: ['debug'] },
      );
      return watch;
    });
    onTestFinished(() => watches.forEach((watch) => watch.close()));
    await expect.poll(() => connected.size, PATIENCE).toBe(CLIENTS);
    const times: number[] = [];
    for (let storm = 0; storm < STORMS; storm++) {
      proxy.cut();
      const since = performance.now();
      await expect.poll(() => connected.size, PATIENCE).toBeLessThan(CLIENTS);
      await expect.poll(() => connected.size, PATIENCE).toBeGreaterThanOrEqual(0.99 * CLIENTS);
      times.push(performance.now() - since);
      await expect.poll(() => connected.size, PATIENCE).toBe(CLIENTS);
      await pause(1000);
    }
    recordRecovery('F39', Math.max(...times));
    await expect.poll(() => ended.size, PATIENCE).toBe(CLIENTS);
    expect(seen.filter((mine) => JSON.stringify(mine) !== JSON.stringify(steps))).toEqual([]);
    // Five seconds where the machine has nothing else to do: all of them are in this process.
    expect(Math.max(...times)).toBeLessThan(30_000);
  });

  test('F40: that resume server-sent events by their last number every 200 ms get each step once, in order', async () => {
    const { proxy, id, steps } = await openLongRun(60, 80);
    const seen: number[] = [];
    for (let turn = 0; turn < 500 && seen.at(-1) !== steps.length; turn++) {
      const headers = { 'last-event-id': String(seen.at(-1) ?? 0) };
      const stop = AbortSignal.timeout(200);
      try {
        const response = await fetch(`${proxy.url}v1/runs/${id}/events?modes=debug`, { headers, signal: stop });
        let text = '';
        for await (const chunk of response.body ?? []) {
          text += Buffer.from(chunk).toString();
          const whole = text.slice(0, text.lastIndexOf('\n\n') + 1);
          text = text.slice(whole.length);
          for (const [, step] of whole.matchAll(/^id: (\d+)\nevent: debug$/gm)) seen.push(Number(step));
        }
      } catch (error) {
        if (!stop.aborted) throw error;
      }
    }
    expect(seen).toEqual(steps);
  });
});
