/** What a worker process reads from its environment. */
import { availableParallelism } from 'node:os';

/** Fewer cannot fill a commit: what ends together is committed together, and a waiting task costs next to nothing. */
const LEAST_SLOTS = 100;

export type WorkerConfig = {
  /** Tasks at once. */
  slots: number;
  /** Where `{ secret: NAME }` is looked up: WEFT_SECRET_NAME, WEFT_SECRET_NAME_FILE. */
  environment: Record<string, string | undefined>;
};

/** A setting that is wrong; its message is one line that says what to do. */
export class WorkerConfigError extends Error {
  override readonly name = 'WorkerConfigError';
  readonly code = 'bad_config';
}

/** Throws WorkerConfigError. */
export function readWorkerConfig(): WorkerConfig {
  const given = process.env['WEFT_WORKER_SLOTS'];
  const slots = given === undefined ? Math.max(LEAST_SLOTS, availableParallelism() * 25) : Number(given);
  if (!Number.isInteger(slots) || slots < 1 || slots > 10_000) {
    throw new WorkerConfigError(
      `WEFT_WORKER_SLOTS must be a whole number from 1 to 10000, not ${JSON.stringify(given)}`,
    );
  }
  return { slots, environment: process.env };
}
