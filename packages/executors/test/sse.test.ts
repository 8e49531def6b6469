import { describe, expect, test } from 'vitest';

import { EventTooLargeError, readEvents } from '../src/http/sse.ts';

async function* chunksOf(...pieces: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece;
}

const eventsOf = (...pieces: (string | Uint8Array)[]) => Array.fromAsync(readEvents(chunksOf(...pieces), 1_000));

describe('a stream of events', () => {
  test.each<[string, string[], string[]]>([
    ['ends its lines in LF', ['data: a\n\ndata: b\n\n'], ['a', 'b']],
    ['ends its lines in CRLF', ['data: a\r\n\r\ndata: b\r\n\r\n'], ['a', 'b']],
    ['ends its lines in CR', ['data: a\r\rdata: b\r\r'], ['a', 'b']],
    ['has a CRLF in two chunks', ['data: a\r', '\ndata: b\r', '\n\r', '\n'], ['a\nb']],
    ['joins the data lines of an event', ['data: a\ndata: b\n\n'], ['a\nb']],
    ['takes one space after the colon, or none', ['data:a\n\ndata:  b\n\n'], ['a', ' b']],
    ['has comments and other fields', [': wait\n\nevent: x\nid: 7\ndata: a\nretry: 1\n\n'], ['a']],
    ['has an empty event', ['data\n\ndata:\n\n'], ['', '']],
    ['has a field that only begins like data', ['database: a\n\n'], []],
    ['drops an event that was not finished', ['data: a\n\ndata: b\n'], ['a']],
    ['comes letter by letter', 'data: a\n\ndata: b\n\n'.split(''), ['a', 'b']],
    ['begins with a byte order mark', ['\uFEFFdata: a\n\n'], ['a']],
    ['holds nothing', [], []],
  ])('%s', async (_title, pieces, events) => {
    expect(await eventsOf(...pieces)).toEqual(events);
  });

  test('may cut a character in two', async () => {
    const bytes = Buffer.from('data: grün\n\n');
    const inside = bytes.indexOf(0xbc);

    expect(await eventsOf(bytes.subarray(0, inside), bytes.subarray(inside))).toEqual(['grün']);
  });

  test.each([
    ['one line', `data: ${'x'.repeat(2_000)}`],
    ['many lines', 'data: x\n'.repeat(200)],
  ])('is refused when an event is too large: %s', async (_title, text) => {
    await expect(eventsOf(text)).rejects.toBeInstanceOf(EventTooLargeError);
  });

  test('may go on for ever in small events', async () => {
    expect(await eventsOf(...Array.from({ length: 500 }, () => 'data: xxxx\n\n'))).toHaveLength(500);
  });
});
