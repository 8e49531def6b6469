import type { DueProbe, EndpointRecord, Log } from '@weft/engine/ports';
import { createFakeClock } from '@weft/testkit';
import { endpointRecord } from '@weft/testkit/conformance/endpoint-store';
import { expect, test } from 'vitest';

import { EndpointBook } from '../../src/runtime/endpoints/endpoint-book.ts';
import { createProbes } from '../../src/runtime/endpoints/probe-endpoints.ts';

type Asked = { url: string; signal: AbortSignal; answer: (isHealthy: boolean) => void };

async function rig(due: DueProbe[]) {
  const clock = createFakeClock();
  const lines: string[] = [];
  const note = (_: object, message: string) => void lines.push(message);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const noted: unknown[] = [];
  const asked: Asked[] = [];
  const book = new EndpointBook({ version: async () => 1, list: async () => due.map(({ endpoint }) => endpoint) });
  await book.refresh();
  const probes = createProbes({
    endpoints: {
      takeDueProbes: async () => due.splice(0),
      setHealthy: async (_, name, isHealthy, seen) => void noted.push([name, isHealthy, seen]),
    },
    endpointBook: book,
    prober: {
      probe: (_, url, signal) => {
        const { promise, resolve } = Promise.withResolvers<{ isHealthy: boolean; detail: string }>();
        signal.addEventListener('abort', () => resolve({ isHealthy: false, detail: 'no answer in time' }));
        asked.push({ url, signal, answer: (isHealthy) => resolve({ isHealthy, detail: 'HTTP 500' }) });
        return promise;
      },
    },
    clock,
    log,
  });
  return { probes, clock, lines, noted, asked };
}

const dueOf = (parts: Partial<EndpointRecord>, failures = 0): DueProbe => {
  return { endpoint: endpointRecord(parts), failures };
};

test('asks each that is due at the URL of its health check, and notes what came of it', async () => {
  const health = { url: 'https://a.example/health' };
  const { probes, noted, asked, lines } = await rig([
    dueOf({ name: 'a', health }),
    dueOf({ name: 'b', url: 'https://b.example/hook', isHealthy: true }, 2),
    dueOf({ name: 'c', isHealthy: false }, 7),
  ]);
  const turn = probes.probe();
  await expect.poll(() => asked.length).toBe(3);
  expect(asked.map(({ url }) => url).slice(0, 2)).toEqual([health.url, 'https://b.example/hook']);
  asked[0]?.answer(true);
  asked[1]?.answer(false);
  asked[2]?.answer(true);
  await turn;

  expect(noted).toEqual([
    ['a', true, { failures: 0, problem: null }],
    ['b', false, { failures: 3, problem: 'HTTP 500' }],
    ['c', true, { failures: 0, problem: null }],
  ]);
  expect(lines).toEqual([
    'an endpoint does not answer its health check: it gets no work',
    'an endpoint answers its health check again',
  ]);
});

test('whoever says nothing within five seconds has failed', async () => {
  const { probes, noted, asked, clock } = await rig([dueOf({ name: 'silent' })]);
  const turn = probes.probe();
  await expect.poll(() => asked.length).toBe(1);
  clock.advance(5000);
  await turn;
  expect(noted).toEqual([['silent', null, { failures: 1, problem: 'no answer in time' }]]);
});

test('a turn that comes before the last one has ended asks nobody; a stop ends it, and notes nothing', async () => {
  const { probes, noted, asked } = await rig([dueOf({ name: 'slow' })]);
  const turn = probes.probe();
  await expect.poll(() => asked.length).toBe(1);
  await probes.probe();
  probes.stop();
  await turn;
  expect(asked[0]?.signal.aborted).toBe(true);
  expect(noted).toEqual([]);
});
