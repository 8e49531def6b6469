/** The commands about the fleet. */
import type { Command } from 'commander';
import type { Perform } from './perform.ts';
import { parseLimit } from './program-runs.ts';

const ACTIONS = [
  ['drain', 'let a worker finish what it runs and leave'],
  ['cordon', 'let a worker claim nothing more; what it runs goes on'],
  ['uncordon', 'let a worker claim again'],
] as const;

export function addWorkersCommand(program: Command, perform: Perform): void {
  const workers = program.command('workers').description('list the workers, or tell one what to do');
  workers
    .command('list', { isDefault: true })
    .description('the workers that live, and with --all those that ended within the last hour')
    .option('-n, --limit <count>', 'how many, at most 200', parseLimit, 200)
    .option('-a, --all', 'with those that have ended', false)
    .action((options: { limit: number; all: boolean }, command: Command) =>
      perform(command, async (context) => (await import('./commands/workers.ts')).workersCommand(context, options)),
    );
  for (const [action, description] of ACTIONS) {
    workers
      .command(`${action} <worker>`)
      .description(`${description}; its id, the beginning of it, or its name if it is the only one of that`)
      .action((worker: string, _options: object, command: Command) =>
        perform(command, async (context) =>
          (await import('./commands/direct-worker.ts')).directWorkerCommand(context, { action, worker }),
        ),
      );
  }
}
