import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { systemClock } from '@weft/embedded';
import { START } from '@weft/engine/domain';
import type { StreamItem } from '@weft/engine/runtime';
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

import { Outbox } from '../src/socket/outbox.ts';
import { tellRun } from '../src/socket/run-subscription.ts';

const STEPS = 400;
const TEXT = 'x'.repeat(100_000);
const PAUSE_BYTES = 256 * 1024;

function item(step: number): StreamItem {
  return { kind: 'events', events: [{ runId: 'r', step, mode: 'debug', type: 'x', at: '', data: TEXT }] };
}

/** The two ends of one connection. */
async function connection(): Promise<{ here: WebSocket; there: WebSocket }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  onTestFinished(() => {
    server.close();
  });
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const there = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`);
  onTestFinished(() => there.terminate());
  const [here] = (await accepted) as [WebSocket];
  await once(there, 'open');
  return { here, there };
}

describe('a run told to a client that does not read', () => {
  test('is read no further than the bound, and told to its last step once the client reads', async () => {
    const { here, there } = await connection();
    const outbox = new Outbox(here, { pauseBytes: PAUSE_BYTES, clock: systemClock });
    let pulled = 0;
    async function* open(): AsyncGenerator<StreamItem> {
      while (pulled < STEPS) yield item((pulled += 1));
      yield { kind: 'end', runId: 'r', step: STEPS, status: 'succeeded' };
    }
    const seen: number[] = [];
    there.pause();
    there.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString());
      if (frame.t === 'batch') for (const { step } of frame.events) seen.push(step);
    });
    const options = { id: 1, topic: 'run:r', outbox, clock: systemClock, batchMs: 1, log: pino({ level: 'silent' }) };
    const told = tellRun({ ...options, open }, START, new AbortController().signal);

    await expect.poll(() => outbox.congested).toBe(true);
    const held = pulled;
    expect(here.bufferedAmount).toBeLessThan(2 * PAUSE_BYTES + TEXT.length);
    expect(held).toBeLessThan(STEPS / 2);

    there.resume();
    await told;
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(STEPS);
    expect(seen).toEqual(Array.from({ length: STEPS }, (_, i) => i + 1));
  });

  test('is given up when the store stays away, and says so', async () => {
    const { here, there } = await connection();
    const outbox = new Outbox(here, { pauseBytes: PAUSE_BYTES, clock: systemClock });
    const clock = {
      monotonicMs: () => 0,
      after: (_ms: number, go: () => void) => (queueMicrotask(go), () => undefined),
    };
    let opened = 0;
    const open = (): AsyncIterable<StreamItem> => {
      opened += 1;
      throw new Error('away');
    };
    const frame = once(there, 'message');
    const options = { id: 1, topic: 'run:r', outbox, clock, batchMs: 1, log: pino({ level: 'silent' }) };
    await tellRun({ ...options, open }, START, new AbortController().signal);

    expect(JSON.parse(String((await frame)[0]))).toMatchObject({ t: 'error', id: 1, code: 'unavailable' });
    expect(opened).toBe(11);
  });
});
