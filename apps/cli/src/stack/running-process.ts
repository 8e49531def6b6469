import type { ExitCode } from '@weft/contract';

/** A process of the mesh that is up. `stop` ends it in good order: what it holds is finished or handed back. */
export type RunningProcess = {
  stop(): Promise<void>;
  /** Shortens the end that `stop` has begun: what is held is handed back now. */
  hurry?(): void;
  /** Resolves with an exit status when the process has nothing to do any more, without having been told to stop. */
  left?: Promise<ExitCode>;
};
