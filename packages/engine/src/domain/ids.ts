/** Identifiers: computed, never drawn here. Times are epoch milliseconds. */
import { sha256 } from './sha256.ts';

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A UUIDv7 of the instant `nowMs`; `randomBytes` gives its last ten bytes (more are ignored).
 *
 * Ids made in one millisecond sort by their random bytes.
 */
export function makeUuidV7(nowMs: number, randomBytes: Uint8Array): string {
  const time = nowMs.toString(16).padStart(12, '0');
  const random = new Uint8Array(10);
  random.set(randomBytes.subarray(0, 10));
  random[0] = at(random, 0, 0x0f) | 0x70;
  random[2] = at(random, 2, 0x3f) | 0x80;
  return `${time.slice(0, 8)}-${time.slice(8)}-${hex(random, 0, 2)}-${hex(random, 2, 4)}-${hex(random, 4, 10)}`;
}

/**
 * The id of a task (rule B6): a UUIDv8 with the 48-bit time prefix of its run and a hash of run, epoch and key, so that
 * arming the same task twice inserts the same row.
 */
export function taskId(runId: string, epoch: number, key: string): string {
  const digest = sha256(`${runId}\n${epoch}\n${key}`);
  digest[6] = at(digest, 6, 0x0f) | 0x80;
  digest[8] = at(digest, 8, 0x3f) | 0x80;
  return `${timePrefix(runId)}-${hex(digest, 6, 8)}-${hex(digest, 8, 10)}-${hex(digest, 10, 16)}`;
}

/** The id of a child run that is begun at `nowMs`: a UUIDv7 whose random part is a hash of what it is the child of. */
export function childRunId(nowMs: number, of: string): string {
  return makeUuidV7(nowMs, sha256(`child ${of}`));
}

/** The smallest and the greatest UUID with the time prefix of `id`: between them lies the run of a task id. */
export function runTimeRange(id: string): { from: string; to: string } {
  const prefix = timePrefix(id);
  return { from: `${prefix}-0000-0000-000000000000`, to: `${prefix}-ffff-ffff-ffffffffffff` };
}

/** The instant in a UUIDv7, or of the run in a task id. */
export function uuidTimeMs(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

/** The 48 bits of time, as they stand in the text. */
function timePrefix(id: string): string {
  const prefix = id.slice(0, 13);
  return /[A-F]/.test(prefix) ? prefix.toLowerCase() : prefix;
}

function hex(bytes: Uint8Array, from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += HEX[bytes[i] ?? 0];
  return text;
}

function at(bytes: Uint8Array, index: number, mask = 0xff): number {
  return (bytes[index] ?? 0) & mask;
}
