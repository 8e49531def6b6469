/** Identifiers: computed, never drawn here. Times are epoch milliseconds. */
import { sha256 } from '@noble/hashes/sha2.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A UUIDv7 of the instant `nowMs`; `randomBytes` gives its last ten bytes (more are ignored).
 *
 * Ids made in one millisecond sort by their random bytes.
 */
export function makeUuidV7(nowMs: number, randomBytes: Uint8Array): string {
  const bytes = new Uint8Array(16);
  bytes.set(randomBytes.subarray(0, 10), 6);
  const high = Math.floor(nowMs / 2 ** 32);
  const prefix = [high >>> 8, high, nowMs >>> 24, nowMs >>> 16, nowMs >>> 8, nowMs];
  for (const [i, byte] of prefix.entries()) bytes[i] = byte & 0xff;
  return formatUuid(bytes, 7);
}

/**
 * The id of a task (rule B6): a UUIDv8 with the 48-bit time prefix of its run and a hash of run, epoch and key, so that
 * arming the same task twice inserts the same row.
 */
export function taskId(runId: string, epoch: number, key: string): string {
  const bytes = sha256(utf8ToBytes(`${runId}\n${epoch}\n${key}`)).slice(0, 16);
  for (let i = 0; i < 6; i++) bytes[i] = Number.parseInt(runTimePrefix(runId).slice(2 * i, 2 * i + 2), 16);
  return formatUuid(bytes, 8);
}

/** The smallest and the greatest UUID with the time prefix of `id`: between them lies the run of a task id. */
export function runTimeRange(id: string): { from: string; to: string } {
  const prefix = id.slice(0, 13).toLowerCase();
  return { from: `${prefix}-0000-0000-0000-000000000000`, to: `${prefix}-ffff-ffff-ffff-ffffffffffff` };
}

/** The instant in a UUIDv7, or of the run in a task id. */
export function uuidTimeMs(id: string): number {
  return Number.parseInt(runTimePrefix(id), 16);
}

function runTimePrefix(id: string): string {
  return id.slice(0, 8) + id.slice(9, 13);
}

function formatUuid(bytes: Uint8Array, version: number): string {
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  let text = '';
  for (let i = 0; i < 16; i++) {
    if (i === 4 || i === 6 || i === 8 || i === 10) text += '-';
    text += HEX[bytes[i] ?? 0];
  }
  return text;
}
