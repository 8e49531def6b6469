import { describe, expect, test } from 'vitest';
import { readMessages } from '../src/sse-reader.ts';

async function read(...chunks: (string | Uint8Array)[]): Promise<unknown[]> {
  const body = ReadableStream.from(
    chunks.map((chunk) => (typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)),
  );
  return Array.fromAsync(readMessages(body));
}

describe('an event stream', () => {
  test('gives a message at each empty line, with its id and event', async () => {
    expect(await read('id: 4\nevent: tasks\ndata: {"a":1}\n\ndata: x\n\n')).toEqual([
      { id: '4', event: 'tasks', data: '{"a":1}' },
      { id: null, event: 'message', data: 'x' },
    ]);
  });

  test('may be cut anywhere, inside a character and between CR and LF too', async () => {
    const bytes = new TextEncoder().encode('data: h\u00e9\r\ndata: two\r\n\r\ndata: 3\r\rdata: 4\n\n');
    const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));

    expect(await read(...pieces)).toMatchObject([{ data: 'h\u00e9\ntwo' }, { data: '3' }, { data: '4' }]);
  });

  test('has comments and unknown fields, which are left out', async () => {
    expect(await read(': alive\n\nretry: 10\nfoo\ndata:x\n\n')).toMatchObject([{ data: 'x' }]);
  });

  test('drops a last message that is not complete', async () => {
    expect(await read('data: 1\n\ndata: 2\n')).toMatchObject([{ data: '1' }]);
  });
});
