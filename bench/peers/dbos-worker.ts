/**
 * The process of the DBOS side: calls workflows as it is told, each node a step that returns about 100 bytes.
 *
 *     node dbos-worker.ts REDIS_URL DATABASE_URL
 */
import { DBOS } from '@dbos-inc/dbos-sdk';

import { CHAIN, FAN, PAYLOAD } from '../mesh/side.ts';
import type { Shape } from '../mesh/side.ts';
import { tellEndings } from './ended.ts';

const [redisUrl = '', systemDatabaseUrl = ''] = process.argv.slice(2);
DBOS.setConfig({ name: 'bench', systemDatabaseUrl, systemDatabasePoolSize: 20, logLevel: 'error' });
const step = (name: string) => DBOS.runStep(async () => ({ payload: PAYLOAD }), { name });

const chain = DBOS.registerWorkflow(
  async () => {
    for (let n = 0; n < CHAIN; n++) await step(`n${n}`);
  },
  { name: 'chain' },
);
const fan = DBOS.registerWorkflow(
  async () => {
    await step('first');
    await Promise.all(Array.from({ length: FAN }, (_, n) => step(`w${n}`)));
    await step('last');
  },
  { name: 'fan' },
);

await DBOS.launch();
const tell = await tellEndings(redisUrl, 'dbos');

process.on('message', ({ shape, runs }: { shape: Shape; runs: string[] }) => {
  const work = shape === 'W1' ? chain : fan;
  for (const run of runs) {
    work().then(
      () => tell(run),
      (error: unknown) => console.error(error),
    );
  }
});
process.on('SIGTERM', () => void DBOS.shutdown().finally(() => process.exit(0)));
console.log('ready');
