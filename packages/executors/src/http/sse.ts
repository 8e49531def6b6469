/**
 * The data of each event of a server-sent event stream, as the HTML standard reads it: lines end in LF, CRLF or CR, the
 * `data` lines of an event are joined, comments and other fields are left out, and so is an event that was not finished.
 *
 * @throws EventTooLargeError when one event has more than `maxChars` characters.
 */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>, maxChars: number): AsyncGenerator<string> {
  let data: string[] = [];
  let size = 0;
  for await (const line of readLines(chunks, maxChars)) {
    if (line === '') {
      if (data.length > 0) yield data.join('\n');
      data = [];
      size = 0;
      continue;
    }
    const value = /^data(?:: ?(.*))?$/s.exec(line);
    if (value === null) continue;
    size += line.length;
    if (size > maxChars) throw new EventTooLargeError();
    data.push(value[1] ?? '');
  }
}

/** One event is larger than whoever reads it allows. */
export class EventTooLargeError extends Error {
  readonly code = 'event_too_large';
  override readonly name = 'EventTooLargeError';
}

async function* readLines(chunks: AsyncIterable<Uint8Array>, maxChars: number): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pending: string[] = [];
  let size = 0;
  let afterReturn = false;
  for await (const chunk of chunks) {
    let text = decoder.decode(chunk, { stream: true });
    // A CRLF that two chunks share is one line break.
    if (afterReturn && text.startsWith('\n')) text = text.slice(1);
    if (text !== '') afterReturn = text.endsWith('\r');
    const [first = '', ...rest] = text.split(/\r\n|\r|\n/);
    pending.push(first);
    size += first.length;
    if (rest.length > 0) {
      yield pending.join('');
      yield* rest.slice(0, -1);
      pending = rest.slice(-1);
      size = pending[0]?.length ?? 0;
    }
    if (size > maxChars) throw new EventTooLargeError();
  }
}
