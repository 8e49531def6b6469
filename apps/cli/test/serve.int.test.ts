import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { exitCodes } from '@weft/contract';
import { expect, test } from 'vitest';

const LAUNCH = new URL('../src/launch.mjs', import.meta.url).pathname;
/** Nothing listens there. */
const NOWHERE = '127.0.0.1:9';

test.each(['producer', 'worker'])('a %s that waits for its database ends as soon as it is told to', async (command) => {
  const stores = { DATABASE_URL: `postgres://weft@${NOWHERE}/weft`, REDIS_URL: `redis://${NOWHERE}` };
  const child = spawn(process.execPath, [LAUNCH, command], {
    env: { ...process.env, ...stores, WEFT_PORT: '0' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');

  for await (const line of createInterface(child.stderr)) if (line.includes('the database is not up yet')) break;
  child.kill('SIGTERM');

  expect(await ended).toEqual([exitCodes.interrupted, null]);
});
