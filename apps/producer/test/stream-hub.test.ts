import { once } from 'node:events';
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';

import { pino } from 'pino';
import { describe, expect, test } from 'vitest';

import { itemText } from '../src/stream/event-text.ts';
import { StreamHub } from '../src/stream/stream-hub.ts';

/** A caller who may call for ever. */
const FROM = { requestId: '1', caller: { onRefused: () => () => undefined } };
const ITEMS = 200;
const TEXT = 'x'.repeat(256 * 1024);

function item(step: number): string {
  const event = { runId: 'r', step, mode: 'debug' as const, type: 'x', at: '', data: TEXT };
  return itemText({ kind: 'events', events: [event] });
}

describe('a client that does not read', () => {
  test('holds its stream back, and gets everything once it reads', async () => {
    const hub = new StreamHub(pino({ level: 'silent' }));
    let pulled = 0;
    async function* items(): AsyncGenerator<string> {
      while (pulled < ITEMS) yield item((pulled += 1));
    }
    const opened = Promise.withResolvers<ServerResponse>();
    const server = createServer((_request, response) => {
      opened.resolve(response);
      void hub.send(response, FROM, items);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');

    const response = await opened.promise;
    await expect.poll(() => response.writableNeedDrain).toBe(true);
    const held = pulled;
    expect(held).toBeLessThan(ITEMS / 2);
    expect(response.writableLength).toBeLessThan(2 * TEXT.length);

    let bytes = 0;
    socket.on('data', (chunk) => (bytes += chunk.length));
    socket.resume();
    await once(socket, 'end');
    expect(pulled).toBe(ITEMS);
    expect(bytes).toBeGreaterThan(ITEMS * TEXT.length);
    server.close();
  });

  test('a hub that is closed ends its streams', async () => {
    const hub = new StreamHub(pino({ level: 'silent' }));
    async function* waiting(signal: AbortSignal): AsyncGenerator<string> {
      yield item(1);
      await once(signal, 'abort');
    }
    const server = createServer((_request, response) => void hub.send(response, FROM, waiting));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const text = response.text();
    hub.close();
    expect(await text).toContain('event: debug');
    server.close();
  });
});
