/** The commands for looking on: the mesh as a whole, what a run says, the dashboard; and completion for shells. */
import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import { exitCodes } from '@weft/contract';
import { SHELLS, type Shell } from './commands/completion.ts';
import type { LogOptions } from './commands/logs.ts';
import { parseDuration } from './output/duration.ts';
import type { Perform } from './perform.ts';

export function addLookCommands(program: Command, perform: Perform): void {
  program
    .command('top')
    .description('show what goes on: rates, lanes, workers, runs; with --json a line each time')
    .addOption(new Option('--every <time>', 'how often').argParser(parseEvery).default(1000, '1s'))
    .option('--once', 'only as it is now', false)
    .action(({ every, once }: { every: number; once: boolean }, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/top.ts')).topCommand(context, { everyMs: every, once }),
      ),
    );
  program
    .command('logs <run>')
    .description('print what the tasks of a run say: texts, events, and why attempts failed')
    .option('-f, --follow', 'stay until the run has ended', false)
    .option('--node <node>', 'only of this node')
    .action((run: string, options: LogOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/logs.ts')).logsCommand(context, run, options)),
    );
  program
    .command('open [run]')
    .description('open the dashboard, or a run in it, in a browser; without a terminal its address is printed')
    .action((run: string | undefined, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/open.ts')).openCommand(context, run)),
    );
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'for which shell').choices(SHELLS))
    .description('print a script that completes commands and options: source <(weft completion bash)')
    .action((shell: Shell, _: object, command: Command) =>
      perform(command, async ({ terminal }) => {
        terminal.out.write((await import('./commands/completion.ts')).completionScript(shell, program));
        return exitCodes.ok;
      }),
    );
}

function parseEvery(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 100 && ms <= 3_600_000) return ms;
  throw new InvalidArgumentError('It is a time from 100ms to 1h, such as 2s.');
}
