/** The command that moves runs to another version of their workflow. */
import { type Command, InvalidArgumentError } from 'commander';
import type { MigrateOptions } from './commands/migrate.ts';
import type { Perform } from './perform.ts';
import { collect } from './program-runs.ts';

type Given = { all?: string; to?: number; from?: string[]; dryRun: boolean };

export function addMigrateCommand(program: Command, perform: Perform): void {
  program
    .command('migrate [run]')
    .description('move a run, or all live runs of a workflow, to another version of the workflow')
    .option('--all <workflow>', 'all of its live runs, each that fits on its own')
    .option('--to <version>', 'the version to move to (the newest)', parseVersion)
    .option('--from <version>', 'with --all: only runs of this version; may be repeated', collect)
    .option('--dry-run', 'only say what fits and what does not', false)
    .action((run: string | undefined, { all, to, from, dryRun }: Given, command: Command) => {
      if ((run === undefined) === (all === undefined)) command.error('error: give a run, or --all and a workflow');
      if (from !== undefined && all === undefined) command.error('error: --from goes with --all');
      const options: MigrateOptions = { version: to, dryRun };
      return perform(command, async (context) => {
        const { migrateAllCommand, migrateCommand } = await import('./commands/migrate.ts');
        if (run !== undefined) return migrateCommand(context, run, options);
        return migrateAllCommand(context, all ?? '', { ...options, from: from?.map(parseVersion) });
      });
    });
}

/** The number of a version of a workflow. */
export function parseVersion(text: string): number {
  const version = Number(text);
  if (Number.isInteger(version) && version >= 1 && version <= 2_147_483_647) return version;
  throw new InvalidArgumentError('It is the number of a version, from 1 on.');
}
