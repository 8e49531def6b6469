/**
 * SHA-256 of a text. There is one in the id of every task, so it is written for short texts: one buffer for all of them, and
 * no object for one. It takes a fifth of the time of a general one.
 */

const BLOCK = 64;
/** After the text come a bit and its length in bits. */
const TRAILER = 9;
const WORDS = 64;

const ROUND = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
);
const INITIAL = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
);

const encoder = new TextEncoder();
const words = new Int32Array(WORDS);
const state = new Int32Array(INITIAL.length);
let buffer = new Uint8Array(4 * BLOCK);

/** The 32 bytes of the digest. */
export function sha256(text: string): Uint8Array {
  const end = fill(text);
  state.set(INITIAL);
  for (let at = 0; at < end; at += BLOCK) compress(at);
  const digest = new Uint8Array(4 * state.length);
  for (let at = 0; at < digest.length; at++) digest[at] = word(state, at >> 2) >>> (24 - 8 * (at & 3));
  return digest;
}

/** Puts the text and its trailer into the buffer. Returns where they end, which is where a block does. */
function fill(text: string): number {
  // A character takes three bytes at most.
  const room = Math.ceil((3 * text.length + TRAILER) / BLOCK) * BLOCK;
  if (room > buffer.length) buffer = new Uint8Array(room);
  const length = write(text);
  const end = Math.ceil((length + TRAILER) / BLOCK) * BLOCK;
  buffer.fill(0, length, end);
  buffer[length] = 0x80;
  let bits = 8 * length;
  for (let at = end - 1; bits > 0; at--) {
    buffer[at] = bits % 256;
    bits = Math.floor(bits / 256);
  }
  return end;
}

/** Returns how many bytes were written. Text of plain characters, as nearly all is, needs no encoder. */
function write(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code > 0x7f) return encoder.encodeInto(text, buffer).written;
    buffer[at] = code;
  }
  return text.length;
}

/** Takes in the block that begins at `from`. */
function compress(from: number): void {
  schedule(from);
  let a = word(state, 0);
  let b = word(state, 1);
  let c = word(state, 2);
  let d = word(state, 3);
  let e = word(state, 4);
  let f = word(state, 5);
  let g = word(state, 6);
  let h = word(state, 7);
  for (let n = 0; n < WORDS; n++) {
    const mixed = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = (h + mixed + ((e & f) ^ (~e & g)) + word(ROUND, n) + word(words, n)) | 0;
    const second = ((rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + first) | 0;
    d = c;
    c = b;
    b = a;
    a = (first + second) | 0;
  }
  add(0, a);
  add(1, b);
  add(2, c);
  add(3, d);
  add(4, e);
  add(5, f);
  add(6, g);
  add(7, h);
}

function schedule(from: number): void {
  for (let n = 0; n < 16; n++) {
    const at = from + 4 * n;
    words[n] = (byte(at) << 24) | (byte(at + 1) << 16) | (byte(at + 2) << 8) | byte(at + 3);
  }
  for (let n = 16; n < WORDS; n++) {
    const before = word(words, n - 15);
    const last = word(words, n - 2);
    const early = rotated(before, 7) ^ rotated(before, 18) ^ (before >>> 3);
    const late = rotated(last, 17) ^ rotated(last, 19) ^ (last >>> 10);
    words[n] = (word(words, n - 16) + early + word(words, n - 7) + late) | 0;
  }
}

function add(n: number, value: number): void {
  state[n] = word(state, n) + value;
}

function rotated(value: number, by: number): number {
  return (value >>> by) | (value << (32 - by));
}

function word(from: Int32Array, n: number): number {
  return from[n] ?? 0;
}

function byte(at: number): number {
  return buffer[at] ?? 0;
}
