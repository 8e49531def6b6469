import type { Json } from '@weft/contract';

const EXCERPT_BYTES = 2_048;
const EXCERPT_WAIT_MS = 1_000;

const JSON_TYPE = /^(application|text)\/(json|[\w.+-]+\+json)$/;
const TEXT_TYPE =
  /^text\/|^application\/(xml|javascript|x-ndjson|yaml|x-yaml|toml|graphql|x-www-form-urlencoded)$|\+(xml|yaml)$/;

/**
 * The bytes of a response, or undefined when there are more than `maxBytes` (unpacked); the rest of the stream is then
 * cancelled. `onChunk` is called as they arrive.
 */
export async function readBytes(
  response: Response,
  maxBytes: number,
  onChunk: () => void,
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop early cancels the stream.
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
    onChunk();
  }
  return Buffer.concat(chunks);
}

/** The beginning of a refused request's response, for people to read: at most 2 KiB of what comes within a second. */
export async function readExcerpt(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const chunks: Uint8Array[] = [];
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), EXCERPT_WAIT_MS);
  try {
    for (let size = 0; size < EXCERPT_BYTES;) {
      const { done, value } = await reader.read();
      if (done) break;
      chunks.push(value);
      size += value.byteLength;
    }
    await reader.cancel();
  } catch {
    // The status has been said; a body that breaks off takes nothing from it.
  } finally {
    clearTimeout(timer);
  }
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, EXCERPT_BYTES));
}

/** A body and how it is written down: parsed JSON, text, or base64 for what is neither. */
export type DecodedBody = { body: Json; bodyEncoding: 'json' | 'text' | 'base64' };

/**
 * Decodes by content type: JSON is parsed (an empty one is null), text is decoded by its charset, anything else becomes
 * base64. Without a content type, valid UTF-8 is text.
 *
 * @throws SyntaxError when what calls itself JSON is not.
 */
export function decodeBody(contentType: string | null, bytes: Buffer): DecodedBody {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim().toLowerCase());
  if (JSON_TYPE.test(type)) return { body: parseJson(bytes), bodyEncoding: 'json' };
  if (TEXT_TYPE.test(type)) return { body: decoderFor(parameters).decode(bytes), bodyEncoding: 'text' };
  return type === '' ? textOrBase64(bytes) : base64(bytes);
}

function parseJson(bytes: Buffer): Json {
  const text = new TextDecoder().decode(bytes);
  if (text.trim() === '') return null;
  const value: Json = JSON.parse(text);
  return value;
}

function decoderFor(parameters: string[]): InstanceType<typeof TextDecoder> {
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  try {
    return new TextDecoder(charset?.replaceAll('"', '') ?? 'utf-8');
  } catch {
    // A charset nobody knows.
    return new TextDecoder();
  }
}

function textOrBase64(bytes: Buffer): DecodedBody {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true }).decode(bytes), bodyEncoding: 'text' };
  } catch {
    return base64(bytes);
  }
}

function base64(bytes: Buffer): DecodedBody {
  return { body: bytes.toString('base64'), bodyEncoding: 'base64' };
}
