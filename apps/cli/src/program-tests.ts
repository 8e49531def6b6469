/** The commands about tests of workflows. */
import type { Command } from 'commander';
import type { Perform } from './perform.ts';

export function addTestCommands(program: Command, perform: Perform): void {
  program
    .command('test [paths...]')
    .description('run tests of workflows: *.weft-test.yaml and recorded runs; needs no server')
    .option('--filter <text>', 'only cases whose name holds this text')
    .action((paths: string[], { filter }: { filter?: string }, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/test.ts')).testCommand(context, paths.length > 0 ? paths : ['.'], { filter }),
      ),
    );
  program
    .command('record <run>')
    .description('write a run that has ended to a file, which weft test plays again')
    .option('-o, --output <file>', 'the file; - writes to the standard output (RUN.weft-recording.json)')
    .action((id: string, { output }: { output?: string }, command: Command) =>
      perform(command, async (context) => (await import('./commands/record.ts')).recordCommand(context, id, output)),
    );
}
