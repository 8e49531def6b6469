/** The commands about documents and saved workflows. */
import { ForeignFormat } from '@weft/contract';
import type { GraphFormat } from '@weft/sdk';
import { type Command, Option } from 'commander';
import type { Perform } from './perform.ts';

const FORMATS: readonly GraphFormat[] = ['mermaid', 'dot', 'json'];

export function addWorkflowCommands(program: Command, perform: Perform): void {
  program
    .command('validate <file>')
    .description('say everything that is wrong with a workflow file; needs no server')
    .action((file: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/validate.ts')).validateCommand(context, file)),
    );
  program
    .command('graph <file-name-or-run>')
    .description(
      'draw a workflow: a file (needs no server), a saved one, name@version for a certain version, or a run by its id',
    )
    .addOption(new Option('--format <format>', 'how to draw it; --json means json').choices(FORMATS).default('mermaid'))
    .action((target: string, { format }: { format: GraphFormat }, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/graph.ts')).graphCommand(context, target, context.json ? 'json' : format),
      ),
    );
  program
    .command('import <file>')
    .description('write a workflow of another format as a native one, and what could not be mapped; needs no server')
    .addOption(
      new Option('--format <format>', 'the format of the file').choices(ForeignFormat.options).makeOptionMandatory(),
    )
    .action((file: string, { format }: { format: ForeignFormat }, command: Command) =>
      perform(command, async (context) => (await import('./commands/import.ts')).importCommand(context, file, format)),
    );
}
