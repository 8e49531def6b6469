import { buildApp } from './app.ts';
import type { AppOptions } from './app-options.ts';
import { refuseOpenDoor } from './config.ts';

export type ProducerOptions = AppOptions & {
  host: string;
  /** 0: any free port. */
  port: number;
};

export type Producer = {
  /** Where it listens. */
  url: string;
  /** Takes no more requests, ends the streams, and lets what is under way finish. Safe to call twice. */
  close(): Promise<void>;
};

/**
 * Serves the API. Throws the system's error (`EADDRINUSE`, `EACCES`) where it cannot listen, and ConfigError where it would
 * listen beyond this machine without a token.
 */
export async function startProducer({ host, port, ...options }: ProducerOptions): Promise<Producer> {
  refuseOpenDoor(host, options.token);
  const app = buildApp(options);
  try {
    const url = await app.listen({ host, port });
    return { url, close: () => app.close() };
  } catch (error) {
    await app.close();
    throw error;
  }
}
