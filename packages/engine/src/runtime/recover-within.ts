import { DEFAULT_SWEEP } from './sweeper.ts';
import type { SweeperSettings } from './sweeper.ts';
import { BEAT_MS } from './worker/worker.ts';

/** Silence is part of the bound; the rest is for the next look, the release and the next claim. */
const SILENT_PART = 0.75;
/** So often is beaten and looked within the bound, at least. */
const TIMES = 6;

/**
 * How often workers beat and sweepers look, so that the tasks of a worker that died without a word run again within `boundMs`
 * where another worker has room for them.
 */
export function recoverWithin(boundMs: number): { sweep: SweeperSettings; beatMs: number } {
  const everyMs = Math.floor(boundMs / TIMES);
  const intervalMs = Math.min(DEFAULT_SWEEP.intervalMs, everyMs);
  return {
    sweep: { ...DEFAULT_SWEEP, intervalMs, deadAfterMs: Math.floor(boundMs * SILENT_PART) },
    beatMs: Math.min(BEAT_MS, everyMs),
  };
}
