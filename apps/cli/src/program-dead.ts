/** The commands about dead letters: failed tasks whose attempts are used up. */
import { type Command, InvalidArgumentError } from 'commander';
import type { LetterOptions, ManyOptions, RetryOptions } from './commands/dead.ts';
import { parseAge } from './output/duration.ts';
import type { Perform } from './perform.ts';
import { collect, parseLimit } from './program-runs.ts';

export function addDeadCommands(program: Command, perform: Perform): void {
  const dead = program
    .command('dead')
    .alias('dlq')
    .description('see to dead letters: failed tasks whose attempts are used up');
  filtered(dead.command('list', { isDefault: true }))
    .description('list those that are open, the last to fail first')
    .option('-n, --limit <count>', 'how many, at most 200', parseLimit, 50)
    .option('--cursor <cursor>', 'where the page before ended')
    .action((options: LetterOptions & { limit: number; cursor?: string }, command: Command) =>
      perform(command, async (context) => (await import('./commands/dead.ts')).listLetters(context, options)),
    );
  dead
    .command('show <task>')
    .description('show one with its attempts, their errors, and the input of the next one')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/dead.ts')).showLetter(context, id)),
    );
  many(dead.command('retry [task]'))
    .description('do one again, or many: those that the options find, or --all')
    .option('--with <file>', 'the input of all attempts from now on; - for the standard input')
    .option('-s, --set <key=value>', 'change a key of the input as it is; may be repeated', collect, [])
    .action((id: string | undefined, options: RetryOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/dead.ts')).retryLetters(context, id, options)),
    );
  many(dead.command('discard [task]'))
    .description('put one away, or many: the journal keeps them, but they are listed no more')
    .action((id: string | undefined, options: ManyOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/dead.ts')).discardLetters(context, id, options)),
    );
}

function filtered(command: Command): Command {
  return command
    .option('--workflow <name>', 'only those of this workflow')
    .option('--node <name>', 'only those of this node')
    .option('--code <code>', 'only those with this error')
    .option('--lane <lane>', 'only those of this lane')
    .option('--run <run>', 'only those of this run')
    .option('--within <age>', 'only those that failed within 30m, 12h, 7d', age);
}

function many(command: Command): Command {
  return filtered(command)
    .option('--all', 'every open one', false)
    .option('-n, --limit <count>', 'at most so many', upTo1000, 100)
    .option('--dry-run', 'only say which they are', false)
    .option('--by <name>', 'who does it; it is kept in the journal');
}

function age(text: string): number {
  const ms = parseAge(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('It is an age such as 30m, 12h or 7d.');
}

function upTo1000(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit;
  throw new InvalidArgumentError('It is a number from 1 to 1000.');
}
