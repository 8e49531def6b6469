/** The command that runs as many workers as there is work for. */
import { type Command, InvalidArgumentError } from 'commander';
import type { ScaleCommandOptions } from './commands/scale.ts';
import { parseDuration } from './output/duration.ts';
import type { Perform } from './perform.ts';
import { GRACE_MS, parseCount, splitNames } from './program-processes.ts';

const seconds = (count: number): number => count * 1000;

export function addScaleCommand(program: Command, perform: Perform): void {
  program
    .command('scale')
    .description('run as many worker processes as there is work for, on DATABASE_URL and REDIS_URL')
    .option('--min <count>', 'the fewest workers', parseCount, 1)
    .option('--max <count>', 'the most workers', parseCount, 4)
    .option('--sla <time>', 'how long a task should take from ready to ended (what the mesh is set to: 5s)', parseTime)
    .option('--interval <time>', 'how often it is decided', parseTime, seconds(10))
    .option('--up-after <time>', 'how long more must be wanted', parseTime, seconds(10))
    .option('--down-after <time>', 'how long fewer must be wanted', parseTime, seconds(60))
    .option('--cooldown <time>', 'how long nothing changes after a change', parseTime, seconds(60))
    .option('--lanes <names>', 'workers for these lanes only, by what waits there; separated by commas', splitNames)
    .option('--concurrency <count>', 'tasks at once in each (or WEFT_WORKER_SLOTS)', parseCount)
    .option('--handlers <file>', 'a file of functions for `uses: handler:NAME`')
    .option('--memory-limit <MiB>', 'what each may use (or WEFT_MEMORY_LIMIT_MB)', parseCount)
    .option('--no-health', 'do not answer health checks on WEFT_HEALTH_PORT')
    .option('--name <name>', 'how the workers are shown (the host name)')
    .option('--grace-ms <ms>', 'how long running tasks may go on in a worker that is stopped', parseCount, GRACE_MS)
    .action((options: ScaleCommandOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/scale.ts')).scaleCommand(context, options)),
    );
}

function parseTime(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('It is a time such as 30s or 500ms.');
}
