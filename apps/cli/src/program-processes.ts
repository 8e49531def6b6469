/** The commands that run the processes of a mesh on Postgres and Redis. */
import { type Command, InvalidArgumentError } from 'commander';

import type { ProducerCommandOptions } from './commands/producer.ts';
import type { WorkerCommandOptions } from './commands/worker.ts';
import type { Perform } from './perform.ts';
import { parsePort } from './program-dev.ts';

export const GRACE_MS = 25_000;

export function addProcessCommands(program: Command, perform: Perform): void {
  program
    .command('producer')
    .description('serve the API on DATABASE_URL and REDIS_URL; any number of producers may run')
    .option('--port <port>', 'where to listen (or WEFT_PORT; 4400); 0 takes any free port', parsePort)
    .option('--host <host>', 'the address to listen on (or WEFT_HOST; 127.0.0.1); any but loopback needs WEFT_TOKEN')
    .option('--endpoints <file>', 'a list of endpoints, which the registry follows (or WEFT_ENDPOINTS_FILE)')
    .action((options: ProducerCommandOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/producer.ts')).producerCommand(context, options)),
    );
  program
    .command('worker')
    .description('claim and run tasks from the lanes on DATABASE_URL and REDIS_URL; any number of workers may run')
    .option(
      '--lanes <names>',
      'serve these lanes only, separated by commas (all, and those of its handlers)',
      splitNames,
    )
    .option('--concurrency <count>', 'tasks at once (or WEFT_WORKER_SLOTS)', parseCount)
    .option('--handlers <file>', 'a file of functions for `uses: handler:NAME`')
    .option('--memory-limit <MiB>', 'what it and its tasks may use (or WEFT_MEMORY_LIMIT_MB)', parseCount)
    .option(
      '--recycle-after-ms <ms>',
      'leave with status 75 where memory is short for good, so long after the start at the earliest; for who starts it again',
      parseMs,
    )
    .option('--processes <count>', 'worker processes under one supervisor', parseCount, 1)
    .option('--no-health', 'do not answer health checks on WEFT_HEALTH_PORT')
    .option('--name <name>', 'how the worker is shown (the host name)')
    .option('--id <id>', 'the id of this incarnation (a random one)')
    .option('--grace-ms <ms>', 'how long running tasks may go on once it is told to stop', parseCount, GRACE_MS)
    .action((options: WorkerCommandOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/worker.ts')).workerCommand(context, options)),
    );
}

export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= 10_000_000) return count;
  throw new InvalidArgumentError('It is a whole number from 1 on.');
}

function parseMs(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number of milliseconds.');
}

export function splitNames(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError('It is a list of names, separated by commas.');
}
