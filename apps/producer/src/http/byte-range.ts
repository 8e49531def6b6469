/** Ranges of HTTP (RFC 9110, 14): one of bytes is obeyed, anything else means the whole. */
import type { ByteRange } from '@weft/engine/ports';

const ONE_RANGE = /^bytes=(\d{1,15})?-(\d{1,15})?$/;

/** Undefined: the whole. A range that lies outside of the content comes back as it is, for whoever reads it to refuse. */
export function parseRange(header: string | undefined, bytes: number): ByteRange | undefined {
  const [, first, last] = ONE_RANGE.exec(header ?? '') ?? [];
  if (first === undefined && last === undefined) return undefined;
  // The last so many bytes; of none there is no range.
  if (first === undefined) return Number(last) === 0 ? { from: bytes } : { from: Math.max(0, bytes - Number(last)) };
  const from = Number(first);
  if (last === undefined) return { from };
  // A range that ends before it begins is no range.
  return Number(last) < from ? undefined : { from, to: Math.min(Number(last), Math.max(from, bytes - 1)) };
}
