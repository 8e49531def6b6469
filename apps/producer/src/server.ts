import { buildApp } from './app.ts';
import type { AppOptions } from './app-options.ts';
import { refuseOpenDoor } from './config.ts';
import { followEndpointsFile } from './endpoints/follow-file.ts';

export type ProducerOptions = AppOptions & {
  host: string;
  /** 0: any free port. */
  port: number;
  /** A file that the registry of endpoints follows; null or left out: none. */
  endpointsFile?: string | null;
};

export type Producer = {
  /** Where it listens. */
  url: string;
  /** Takes no more requests, ends the streams, and lets what is under way finish. Safe to call twice. */
  close(): Promise<void>;
};

/**
 * Serves the API. Throws the system's error (`EADDRINUSE`, `EACCES`) where it cannot listen, and ConfigError where it would
 * listen beyond this machine without a token, or where its file of endpoints is not valid.
 */
export async function startProducer({ host, port, endpointsFile, ...options }: ProducerOptions): Promise<Producer> {
  refuseOpenDoor(host, options.token);
  const unfollow = endpointsFile ? await followEndpointsFile(endpointsFile, options) : async () => undefined;
  const app = buildApp(options);
  const close = async (): Promise<void> => {
    await unfollow();
    await app.close();
  };
  try {
    const url = await app.listen({ host, port });
    return { url, close };
  } catch (error) {
    await close();
    throw error;
  }
}
