/**
 * The worker process of the graphile-worker side, with its local queue and completions in batches, which is how it is
 * fastest. An end is told at its `job:complete`, which comes just before the commit and so favours it a little.
 *
 *     node graphile-worker.ts REDIS_URL DATABASE_URL
 */
import { EventEmitter } from 'node:events';

import { Logger, run } from 'graphile-worker';

import { tellEndings } from './ended.ts';

const SLOTS = 100;
const LOCAL_QUEUE = 500;
const POLL_MS = 50;

const [redisUrl = '', connectionString = ''] = process.argv.slice(2);
const tell = await tellEndings(redisUrl, 'graphile');
const events = new EventEmitter();
events.on('job:complete', ({ job }: { job: { payload: { run: string } } }) => tell(job.payload.run));
const runner = await run({
  preset: {
    worker: {
      connectionString,
      concurrentJobs: SLOTS,
      pollInterval: POLL_MS,
      maxPoolSize: 10,
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      localQueue: { size: LOCAL_QUEUE },
      logger: new Logger(() => () => {}),
    },
  },
  taskList: { bench: async () => undefined },
  events,
  noHandleSignals: true,
});
process.on('SIGTERM', () => void runner.stop().finally(() => process.exit(0)));
console.log('ready');
