/** The content of an artifact as JSON can carry it. */
import type { Json } from '@weft/contract';

import type { Failure } from '../failure.ts';
import { failure } from '../failure.ts';

export type ContentFormat = 'text' | 'json' | 'base64';

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The bytes to write; a text says what is wrong with the content. */
export function bytesOf(content: Json, as: ContentFormat): Uint8Array | string {
  if (as === 'json') return Buffer.from(JSON.stringify(content));
  if (typeof content !== 'string') return `content must be a text where it is written as ${as}`;
  if (as === 'text') return Buffer.from(content);
  return BASE64.test(content) ? Buffer.from(content, 'base64') : 'content is no base64';
}

type ReadOptions = { as: ContentFormat; maxBytes: number; signal: AbortSignal };

/** Reads no more than it may; fails with `content_too_large`, `not_text` or `not_json`. */
export async function contentOf(
  body: AsyncIterable<Uint8Array>,
  { as, maxBytes, signal }: ReadOptions,
): Promise<{ kind: 'read'; value: Json } | Failure> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    signal.throwIfAborted();
    bytes += piece.length;
    if (bytes > maxBytes) {
      return failure('content_too_large', `it has more than the ${maxBytes} bytes of maxBytes: read a range of it`);
    }
    pieces.push(piece);
  }
  const whole = Buffer.concat(pieces);
  if (as === 'base64') return { kind: 'read', value: whole.toString('base64') };
  const text = textOf(whole);
  if (text === null) return failure('not_text', 'it is not UTF-8: read it as base64');
  if (as === 'text') return { kind: 'read', value: text };
  try {
    return { kind: 'read', value: JSON.parse(text) as Json };
  } catch (error) {
    return failure('not_json', `it is no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function textOf(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
