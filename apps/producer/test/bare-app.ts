/** The API with nothing behind it: for what never reaches the engine. */
import { systemClock } from '@weft/embedded';
import { createMemoryKeyStore } from '@weft/testkit';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';

import type { AppOptions } from '../src/app-options.ts';
import { buildApp } from '../src/index.ts';

export function bareApp(options: Partial<AppOptions> = {}): FastifyInstance {
  const log = pino({ level: 'silent' });
  return buildApp({
    log,
    token: null,
    keys: createMemoryKeyStore(systemClock),
    clock: systemClock,
    version: 'test',
    maxNodes: 10,
    hasExecutor: () => true,
    ...options,
  } as AppOptions);
}
