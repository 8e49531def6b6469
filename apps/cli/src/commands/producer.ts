/** weft producer: the API as a process of the mesh. */
import { resolve } from 'node:path';

import type { ExitCode } from '@weft/contract';
import { readProducerConfig } from '@weft/producer';

import type { CommandContext } from '../command-context.ts';
import { startProducerProcess } from '../stack/start-producer-process.ts';
import { meshSettings, processLog, serve, WAIT_MS } from './serve.ts';

export type ProducerCommandOptions = {
  host?: string | undefined;
  port?: number | undefined;
  endpoints?: string | undefined;
};

export function producerCommand(
  context: CommandContext,
  { host, port, endpoints }: ProducerCommandOptions,
): Promise<ExitCode> {
  // Flags are held to the same rules as the variables that they stand for.
  const flags = {
    ...(host !== undefined && { WEFT_HOST: host }),
    ...(port !== undefined && { WEFT_PORT: `${port}` }),
    ...(endpoints !== undefined && { WEFT_ENDPOINTS_FILE: resolve(endpoints) }),
  };
  const settings = meshSettings(context);
  return serve(context, {
    start: () => {
      const config = readProducerConfig({ ...context.env, ...flags });
      return startProducerProcess({ ...settings, config, waitMs: WAIT_MS, log: processLog() });
    },
    ready: ({ url }) => ({ url }),
  });
}
