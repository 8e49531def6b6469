/** The keys that tokens are encrypted with, as whoever runs the mesh gives them. */
import { createHash } from 'node:crypto';

/** `id` names the key beside what it has encrypted, and tells nothing of it. */
export type SecretKey = { id: string; bytes: Buffer };

/** `present`: what is encrypted from now on; null: nothing can be. `old`: what earlier ones have encrypted can be read. */
export type SecretKeys = { present: SecretKey | null; old: readonly SecretKey[] };

export const NO_SECRET_KEYS: SecretKeys = { present: null, old: [] };

/** A key that is none. The message names the setting and never what stands in it. */
export class SecretKeyError extends Error {
  override readonly name = 'SecretKeyError';
  readonly code = 'bad_secret_key';
}

const BYTES = 32;
const HEX = /^[0-9a-f]{64}$/i;
const BASE64 = /^[A-Za-z0-9+/_-]{43}=?$/;

/** Reads a key of 32 bytes in base64 or hexadecimal. `what` is the setting that it stands in. Throws SecretKeyError. */
export function parseSecretKey(text: string, what: string): SecretKey {
  const bytes = HEX.test(text) ? Buffer.from(text, 'hex') : BASE64.test(text) ? Buffer.from(text, 'base64') : null;
  if (bytes?.length === BYTES) return { id: idOf(bytes), bytes };
  const how = 'node -p \'crypto.randomBytes(32).toString("base64")\' makes one';
  throw new SecretKeyError(`${what} must be ${BYTES} bytes in base64 or hexadecimal (${how})`);
}

/** Keys separated by commas or white space. Throws SecretKeyError. */
export function parseSecretKeys(text: string, what: string): SecretKey[] {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '');
  return parts.map((part, index) => parseSecretKey(part, `key ${index + 1} of ${what}`));
}

function idOf(bytes: Buffer): string {
  return createHash('sha256').update('weft secret key id\0').update(bytes).digest('hex').slice(0, 12);
}
