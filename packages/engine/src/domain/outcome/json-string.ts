/** Strings as JSON text in UTF-8. */

const REPLACEMENT = '\uFFFD';

/**
 * The bytes of a string's JSON text, quotes and escapes included; undefined when it holds U+0000 or a lone surrogate,
 * which the database cannot keep.
 */
export function jsonStringBytes(text: string): number | undefined {
  let bytes = 2 + text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) {
      if (code >= 0x20 && code !== 0x22 && code !== 0x5c) continue;
      if (code === 0) return undefined;
      bytes += escapeBytes(code);
    } else if (code < 0x800) {
      bytes += 1;
    } else if (code < 0xd800 || code > 0xdfff) {
      bytes += 2;
    } else {
      if (code > 0xdbff || !isLowSurrogate(text.charCodeAt(i + 1))) return undefined;
      bytes += 2;
      i++;
    }
  }
  return bytes;
}

/** The string with U+FFFD in place of U+0000 and of lone surrogates. */
export function cleanString(text: string): string {
  return text.toWellFormed().replaceAll('\u0000', REPLACEMENT);
}

/** What escaping adds to the one byte of a control character, quote or backslash. */
function escapeBytes(code: number): number {
  const isShort = code === 0x22 || code === 0x5c || (code >= 8 && code <= 13 && code !== 11);
  return isShort ? 1 : 5;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
