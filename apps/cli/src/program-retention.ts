/** The commands about how long runs are kept. */
import { RunStatus } from '@weft/contract';
import { type Command, InvalidArgumentError } from 'commander';
import type { PruneOptions } from './commands/prune.ts';
import type { SetOptions } from './commands/retention.ts';
import { parseAge } from './output/duration.ts';
import type { Perform } from './perform.ts';

export function addRetentionCommands(program: Command, perform: Perform): void {
  addPrune(program, perform);
  addRetention(program, perform);
  program
    .command('delete <run>')
    .description('delete a run that has ended, with its children; it is gone')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/delete.ts')).deleteCommand(context, id)),
    );
}

function addPrune(program: Command, perform: Perform): void {
  program
    .command('prune')
    .description('delete ended runs: older ones, all but the newest, or (with neither) what the policies let go')
    .option('--workflow <name>', 'only those of this workflow')
    .option('--older-than <age>', 'only those that ended so long ago: 12h, 30d, 8w', age)
    .option('--keep <count>', 'not the newest so many of each workflow', count)
    .option('--status <statuses>', 'only those that ended like this: failed,cancelled', statuses)
    .option('--archive', 'archive them first, in WEFT_ARCHIVE_DIR of the server', false)
    .option('--dry-run', 'only say how many runs and bytes it would be', false)
    .option('-y, --yes', 'do not ask', false)
    .action((options: PruneOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/prune.ts')).pruneCommand(context, options)),
    );
}

function addRetention(program: Command, perform: Perform): void {
  const retention = program.command('retention').description('say and decide how long ended runs are kept');
  retention
    .command('list', { isDefault: true })
    .description('show the policies, and what the tables take on disk')
    .action((_: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/retention.ts')).listPolicies(context)),
    );
  retention
    .command('set [workflow]')
    .description('decide it for a workflow, or for all that have no policy of their own; no limit keeps all for ever')
    .option('--age <age>', 'runs go so long after their end: 12h, 30d, 8w', age)
    .option('--keep <count>', 'so many of the newest of each workflow stay', count)
    .option('--failed-age <age>', 'failed runs are judged by this age alone', age)
    .option('--archive', 'what goes is archived first, in WEFT_ARCHIVE_DIR of the server', false)
    .action((workflow: string | undefined, options: SetOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/retention.ts')).setPolicy(context, workflow ?? null, options),
      ),
    );
  retention
    .command('remove [workflow]')
    .description('remove the policy of a workflow, or that for all')
    .action((workflow: string | undefined, _: object, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/retention.ts')).removePolicy(context, workflow ?? null),
      ),
    );
}

function age(text: string): number {
  const ms = parseAge(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('It is an age such as 12h, 30d or 8w.');
}

function count(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}

type Ended = 'succeeded' | 'failed' | 'cancelled';
const ENDED: readonly string[] = RunStatus.extract(['succeeded', 'failed', 'cancelled']).options;

function statuses(text: string): Ended[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => ENDED.includes(name))) return names as Ended[];
  throw new InvalidArgumentError(`It is a list of ${ENDED.join(', ')}, separated by commas.`);
}
