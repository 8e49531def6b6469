/** What a worker process reads from its environment. */
import { availableParallelism } from 'node:os';

/** Fewer cannot fill a commit: what ends together is committed together, and a waiting task costs next to nothing. */
const LEAST_SLOTS = 100;

export type WorkerConfig = {
  /** Tasks at once. */
  slots: number;
  /** How much memory the process and what its tasks start may use, MiB; null: a share of the machine's. */
  memoryLimitMib: number | null;
  /** Where `{ secret: NAME }` is looked up: WEFT_SECRET_NAME, WEFT_SECRET_NAME_FILE. */
  environment: Record<string, string | undefined>;
};

/** A setting that is wrong; its message is one line that says what to do. */
export class WorkerConfigError extends Error {
  override readonly name = 'WorkerConfigError';
  readonly code = 'bad_config';
}

/** An idle worker takes more than half of this. */
const LEAST_LIMIT_MIB = 200;

/** Throws WorkerConfigError. */
export function readWorkerConfig(): WorkerConfig {
  const given = process.env['WEFT_WORKER_SLOTS'];
  const slots = given === undefined ? Math.max(LEAST_SLOTS, availableParallelism() * 25) : Number(given);
  if (!Number.isInteger(slots) || slots < 1 || slots > 10_000) {
    throw new WorkerConfigError(
      `WEFT_WORKER_SLOTS must be a whole number from 1 to 10000, not ${JSON.stringify(given)}`,
    );
  }
  return { slots, memoryLimitMib: memoryLimitMib(), environment: process.env };
}

function memoryLimitMib(): number | null {
  const given = process.env['WEFT_MEMORY_LIMIT_MB'];
  if (given === undefined || given === '') return null;
  const mib = Number(given);
  if (Number.isInteger(mib) && mib >= LEAST_LIMIT_MIB && mib <= 100_000_000) return mib;
  throw new WorkerConfigError(
    `WEFT_MEMORY_LIMIT_MB must be a whole number of MiB from ${LEAST_LIMIT_MIB} on, not ${JSON.stringify(given)}`,
  );
}
