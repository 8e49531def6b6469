/** The command that runs the stack. */
import { type Command, InvalidArgumentError } from 'commander';
import type { DevCommandOptions } from './commands/dev.ts';
import type { Perform } from './perform.ts';

export function addDevCommand(program: Command, perform: Perform): void {
  program
    .command('dev')
    .description('run everything in one process: Postgres, a worker, the API; with --json one line once it is ready')
    .option('--port <port>', 'where to listen (or WEFT_PORT; 4400); 0 takes any free port', parsePort)
    .option('--host <host>', 'the address to listen on (or WEFT_HOST; 127.0.0.1); any but loopback needs WEFT_TOKEN')
    .option('--endpoints <file>', 'a list of endpoints, which the registry follows (or WEFT_ENDPOINTS_FILE)')
    .option('--data-dir <folder>', 'where the data lives (or WEFT_DATA_DIR; .weft)')
    .option('--handlers <file>', 'a file of functions for `uses: handler:NAME`')
    .option('--no-sample', 'do not run the sample workflow')
    .action((options: DevCommandOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/dev.ts')).devCommand(context, options)),
    );
}

export function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('It is a number from 0 to 65535.');
}
