/** The registry follows a file of endpoints: as the producer starts, and whenever the file changes. */
import { AppError } from '@weft/contract';
import { withLocations } from '@weft/formats';

import type { AppOptions } from '../app-options.ts';
import { ConfigError } from '../config.ts';
import { EndpointsFileError, parseEndpoints, readEndpointsText, wrongWith } from './read-file.ts';

type FollowDeps = Pick<AppOptions, 'clock' | 'log'> & { engine: Pick<AppOptions['engine'], 'syncEndpoints'> };

/** The file is read anew so often: that notices any way in which it is replaced, and a list of endpoints is short. */
const EVERY_MS = 1000;

/**
 * Takes over the file, and follows it until the returned function is called. Throws ConfigError where anything is wrong with it;
 * later that is logged, and changes nothing.
 */
export async function followEndpointsFile(path: string, deps: FollowDeps): Promise<() => Promise<void>> {
  const follower = new FileFollower(path, deps);
  try {
    await follower.take();
  } catch (error) {
    throw error instanceof EndpointsFileError ? new ConfigError(error.message, { cause: error }) : error;
  }
  follower.start();
  return () => follower.stop();
}

class FileFollower {
  readonly #path: string;
  readonly #deps: FollowDeps;
  /** What was taken over last. */
  #text: string | null = null;
  #cancel: () => void = () => undefined;
  #round: Promise<void> = Promise.resolve();
  #stopped = false;
  #told: string | null = null;

  constructor(path: string, deps: FollowDeps) {
    this.#path = path;
    this.#deps = deps;
  }

  /** Throws EndpointsFileError where anything is wrong with the file. */
  async take(): Promise<void> {
    const text = await readEndpointsText(this.#path);
    if (text === this.#text) return;
    const { endpoints, locate } = await parseEndpoints(this.#path, text);
    const synced = await this.#deps.engine.syncEndpoints(endpoints).catch((error: unknown) => {
      throw error instanceof AppError && error.errors.length > 0
        ? wrongWith(this.#path, withLocations(error.errors, locate))
        : error;
    });
    this.#text = text;
    this.#told = null;
    this.#deps.log.info(
      { file: this.#path, endpoints: endpoints.length, ...synced },
      'the file of endpoints is in force',
    );
  }

  start(): void {
    if (this.#stopped) return;
    this.#cancel = this.#deps.clock.after(EVERY_MS, () => {
      this.#round = this.#takeSafely().finally(() => this.start());
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#round;
  }

  /** The same trouble is told once. */
  async #takeSafely(): Promise<void> {
    try {
      await this.take();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (reason === this.#told) return;
      this.#told = reason;
      this.#deps.log.error({ file: this.#path, reason }, 'the file of endpoints changes nothing: something is wrong');
    }
  }
}
