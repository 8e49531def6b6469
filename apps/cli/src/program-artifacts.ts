/** The commands about artifacts: files that tasks write and read. */
import { type Command, InvalidArgumentError } from 'commander';
import type { ListOptions, PutOptions } from './commands/artifacts.ts';
import type { Perform } from './perform.ts';

export function addArtifactCommands(program: Command, perform: Perform): void {
  const artifacts = program.command('artifacts').description('list, fetch, upload and delete artifacts');
  artifacts
    .command('list', { isDefault: true })
    .description('list artifacts, newest first')
    .option('--run <run>', 'only what this run has written or read')
    .option('--limit <count>', 'how many at most, up to 200', count, 50)
    .option('--cursor <cursor>', 'where the page before ended')
    .action((options: ListOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/artifacts.ts')).listArtifacts(context, options)),
    );
  artifacts
    .command('get <artifact>')
    .description('write the content of an artifact to the standard output, or into a file')
    .option('-o, --output <file>', 'the file, which must not exist')
    .action((artifact: string, options: { output?: string }, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/artifacts.ts')).getArtifact(context, artifact, options),
      ),
    );
  artifacts
    .command('put <file>')
    .description('upload a file')
    .option('--name <name>', 'how it is called there (the name of the file)')
    .option('--type <type>', 'its media type (application/octet-stream)')
    .action((file: string, options: PutOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/artifacts.ts')).putArtifact(context, file, options),
      ),
    );
  artifacts
    .command('delete <artifact>')
    .description('delete an artifact that no run refers to')
    .action((artifact: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/artifacts.ts')).deleteArtifact(context, artifact)),
    );
}

function count(text: string): number {
  if (/^\d{1,3}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}
