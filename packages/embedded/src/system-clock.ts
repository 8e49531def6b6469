import { randomBytes } from 'node:crypto';

import type { Clock } from '@weft/engine/ports';

/** The longest delay that `setTimeout` can hold; it fires at once on a longer one. */
const MAX_DELAY_MS = 2_147_483_647;

/** Real time, and chance of cryptographic quality. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (ms, callback) => callAt(performance.now() + ms, callback),
  randomBytes: takeRandom,
};

/** One call to the system's source costs more than many bytes: they are fetched ahead, and each is given out once. */
const AHEAD = 4096;
let ahead = new Uint8Array(0);

function takeRandom(count: number): Uint8Array {
  if (count > AHEAD) return new Uint8Array(randomBytes(count));
  if (ahead.length < count) ahead = new Uint8Array(randomBytes(AHEAD));
  const taken = ahead.slice(0, count);
  ahead = ahead.subarray(count);
  return taken;
}

/** Goes on waiting when a timer ends early: Node's may, by less than 1 ms, and a delay may be longer than one timer. */
function callAt(dueAt: number, callback: () => void): () => void {
  const wait = (): NodeJS.Timeout => {
    const leftMs = Math.max(0, Math.ceil(dueAt - performance.now()));
    return setTimeout(wake, Math.min(leftMs, MAX_DELAY_MS));
  };
  const wake = (): void => {
    if (performance.now() < dueAt) timeout = wait();
    else callback();
  };
  let timeout = wait();
  return () => clearTimeout(timeout);
}
