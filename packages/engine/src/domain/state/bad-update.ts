/** An update that its reducer cannot take. */
import type { TaskError } from '@weft/contract';

/** Thrown by reducers; `checkUpdate` says the same beforehand as a value. */
export class BadUpdate extends Error {
  readonly code = 'bad_update';

  constructor(message: string) {
    super(message);
    this.name = 'BadUpdate';
  }
}

/** The task error of an update that was refused: trying again cannot help. */
export function badUpdateError(message: string): TaskError {
  return { code: 'bad_update', message, retryable: false };
}
