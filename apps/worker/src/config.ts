/** What a worker process reads from its environment. */
import { availableParallelism } from 'node:os';

export type WorkerConfig = {
  /** Tasks at once. */
  slots: number;
  /** Where `{ secret: NAME }` is looked up: WEFT_SECRET_NAME, WEFT_SECRET_NAME_FILE. */
  environment: Record<string, string | undefined>;
};

/** Throws an Error with one line that says what is wrong. */
export function readWorkerConfig(): WorkerConfig {
  const given = process.env['WEFT_WORKER_SLOTS'];
  const slots = given === undefined ? Math.max(16, availableParallelism() * 8) : Number(given);
  if (!Number.isInteger(slots) || slots < 1 || slots > 10_000) {
    throw new Error(`WEFT_WORKER_SLOTS must be a whole number from 1 to 10000, not ${JSON.stringify(given)}`);
  }
  return { slots, environment: process.env };
}
