/** The commands about API keys. */
import { KeyRole } from '@weft/contract';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CreateKeyOptions, ListKeysOptions } from './commands/keys.ts';
import { parseAge } from './output/duration.ts';
import type { Perform } from './perform.ts';

export function addKeyCommands(program: Command, perform: Perform): void {
  const keys = program.command('keys').description('make, list and revoke the API keys that tenants are known by');
  keys
    .command('create')
    .description('make a key; it is shown this once (--tenant says whose it is)')
    .option('--name <name>', 'what it is for')
    .addOption(
      new Option('--role <role>', 'member: works with runs; admin: also deletes, decides what is kept, manages keys')
        .choices(KeyRole.options)
        .default('member'),
    )
    .option('--expires <age>', 'it ends after so long: 12h, 90d, 52w', age)
    .action((options: CreateKeyOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/keys.ts')).createKey(context, options)),
    );
  keys
    .command('list', { isDefault: true })
    .description('show the keys, newest first, without their secrets')
    .option('--limit <count>', 'how many', count, 50)
    .option('--cursor <cursor>', 'where to go on')
    .action((options: ListKeysOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/keys.ts')).listKeys(context, options)),
    );
  keys
    .command('revoke <id>')
    .description('end a key for ever, with all that is open by it')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/keys.ts')).revokeKey(context, id)),
    );
}

function age(text: string): number {
  const ms = parseAge(text);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError('It is an age such as 12h, 30d or 8w.');
}

function count(text: string): number {
  const limit = Number(text);
  if (/^\d{1,3}$/.test(text) && limit >= 1 && limit <= 200) return limit;
  throw new InvalidArgumentError('It is a number from 1 to 200.');
}
