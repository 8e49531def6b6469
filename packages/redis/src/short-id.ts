/**
 * Ids as lanes hold them: a UUID in 22 characters instead of 36. Any other id is kept as it is, behind a mark. Written out
 * over bytes, since it is done several times for each task: ropes of strings cost twice as much, and their users more.
 */

/** Stands in no short UUID. */
const AS_IT_IS = "'";
const LONG_LENGTH = 36;
const SHORT_LENGTH = 22;
const DASH = '-'.charCodeAt(0);

const CHARACTERS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');
const DIGITS = Buffer.from('0123456789abcdef');
const VALUE_OF_CHARACTER = valuesOf(CHARACTERS);
const VALUE_OF_DIGIT = valuesOf(DIGITS);

const long = Buffer.alloc(LONG_LENGTH);
const short = Buffer.alloc(SHORT_LENGTH);

export function shortId(id: string): string {
  return id.length === LONG_LENGTH && shorten(id) ? short.toString('latin1') : AS_IT_IS + id;
}

/** The id that was shortened to this. */
export function longId(id: string): string {
  if (id.startsWith(AS_IT_IS)) return id.slice(AS_IT_IS.length);
  let bits = 0;
  let bitCount = 0;
  let from = 0;
  for (let at = 0; at < LONG_LENGTH; at++) {
    if (isDashAt(at)) {
      long[at] = DASH;
      continue;
    }
    if (bitCount < 4) {
      bits = ((bits << 6) | (VALUE_OF_CHARACTER[id.charCodeAt(from++)] ?? 0)) & 0xfff;
      bitCount += 6;
    }
    bitCount -= 4;
    long[at] = DIGITS[(bits >> bitCount) & 15] ?? 0;
  }
  return long.toString('latin1');
}

/** Three digits are two characters. Returns false for what is no UUID in lower case. */
function shorten(id: string): boolean {
  let bits = 0;
  let bitCount = 0;
  let to = 0;
  for (let at = 0; at < LONG_LENGTH; at++) {
    const code = id.charCodeAt(at);
    if (isDashAt(at)) {
      if (code !== DASH) return false;
      continue;
    }
    const value = VALUE_OF_DIGIT[code] ?? -1;
    if (value < 0) return false;
    bits = ((bits << 4) | value) & 0xfff;
    bitCount += 4;
    if (bitCount >= 6) {
      bitCount -= 6;
      short[to++] = CHARACTERS[(bits >> bitCount) & 63] ?? 0;
    }
  }
  short[to] = CHARACTERS[(bits << (6 - bitCount)) & 63] ?? 0;
  return true;
}

function isDashAt(at: number): boolean {
  return at === 8 || at === 13 || at === 18 || at === 23;
}

/** By the code of a character what it stands for; -1 for one that stands for nothing. */
function valuesOf(characters: Uint8Array): Int8Array {
  const values = new Int8Array(128).fill(-1);
  for (const [value, code] of characters.entries()) values[code] = value;
  return values;
}
