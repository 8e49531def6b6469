/** One message of an event stream; `id` is null where the message has none. */
export type SseMessage = { event: string; id: string | null; data: string };

const LF = 10;
const CR = 13;

/** Reads the messages of an event stream (the `text/event-stream` format of HTML, section 9.2.6), comments left out. */
export async function* readMessages(body: ReadableStream<Uint8Array>): AsyncGenerator<SseMessage, void, undefined> {
  const decoder = new TextDecoder();
  let rest = '';
  let fields: Fields = emptyFields();
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    // A long line comes in many chunks; splitting what has grown so far at each would cost its square.
    if (!chunk.includes(LF) && !chunk.includes(CR)) continue;
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line !== '') {
        readField(line, fields);
        continue;
      }
      if (fields.data !== null) yield { event: fields.event || 'message', id: fields.id, data: fields.data };
      fields = emptyFields();
    }
  }
}

type Fields = { event: string; id: string | null; data: string | null };

function emptyFields(): Fields {
  return { event: '', id: null, data: null };
}

function readField(line: string, fields: Fields): void {
  const colon = line.indexOf(':');
  const name = colon < 0 ? line : line.slice(0, colon);
  const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
  if (name === 'event') fields.event = value;
  else if (name === 'id') fields.id = value;
  else if (name === 'data') fields.data = fields.data === null ? value : `${fields.data}\n${value}`;
}
