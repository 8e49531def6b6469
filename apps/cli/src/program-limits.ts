/** The commands about shares, limits and lanes, and why a task does not run. */
import type { SetRate } from '@weft/contract';
import { type Command, InvalidArgumentError } from 'commander';
import type { LimitOptions, ShareOptions } from './commands/limits.ts';
import { parseDuration } from './output/duration.ts';
import type { Perform } from './perform.ts';

export function addLimitCommands(program: Command, perform: Perform): void {
  addTenants(program, perform);
  addLimits(program, perform);
  addLanes(program, perform);
  program
    .command('why <run-or-task>')
    .description('say why a task does not run, or each task of a run that has not ended')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/why.ts')).whyCommand(context, id)),
    );
}

function addTenants(program: Command, perform: Perform): void {
  const tenants = program.command('tenants').description('show and set the shares and limits of tenants');
  tenants
    .command('list', { isDefault: true })
    .description('show the tenants')
    .action((_: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/limits.ts')).listTenants(context)),
    );
  withLimits(tenants.command('set <tenant>'))
    .description('set its share and limits; what is not given is no limit, and a weight of 1')
    .option('--weight <count>', 'tasks that are claimed in one of its turns', parsePositive)
    .action((tenant: string, options: ShareOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/limits.ts')).setTenant(context, tenant, options)),
    );
}

function addLimits(program: Command, perform: Perform): void {
  const limits = program.command('limits').description('show and set the limits of tasks with a concurrencyKey');
  limits
    .command('list', { isDefault: true })
    .description('show the limits')
    .action((_: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/limits.ts')).listLimits(context)),
    );
  withLimits(limits.command('set <key>'))
    .description('limit the tasks with this key; one that ends with * speaks for each key that begins so')
    .action((key: string, options: LimitOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/limits.ts')).setLimit(context, key, options)),
    );
  limits
    .command('remove <key>')
    .description('remove the limit of a key')
    .action((key: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/limits.ts')).removeLimit(context, key)),
    );
}

function withLimits(command: Command): Command {
  return command
    .option('--max-concurrent <count>', 'tasks that may be under way at once', parseCount)
    .option('--rate <rate>', 'how often tasks may begin: 100/1m, 5/s', parseRate)
    .option('--burst <count>', 'how many of them may come at once (1)', parsePositive);
}

function addLanes(program: Command, perform: Perform): void {
  const lanes = program.command('lanes').description('show what waits for which lane; pause and resume lanes');
  lanes
    .command('list', { isDefault: true })
    .description('show the lanes')
    .action((_: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/lanes.ts')).listLanes(context)),
    );
  for (const verb of ['pause', 'resume'] as const) {
    lanes
      .command(`${verb} <lane>`)
      .description(verb === 'pause' ? 'let nobody claim from it; what runs goes on' : 'let workers claim from it again')
      .action((lane: string, _: object, command: Command) =>
        perform(command, async (context) => (await import('./commands/lanes.ts')).switchLane(context, verb, lane)),
      );
  }
}

function parseCount(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}

function parsePositive(text: string): number {
  const count = parseCount(text);
  if (count >= 1) return count;
  throw new InvalidArgumentError('It is a whole number from 1 on.');
}

/** `100/1m`, `5/s`, `1/500ms`. */
function parseRate(text: string): SetRate {
  const [, count, time = ''] = /^(\d{1,7})\/(.+)$/.exec(text) ?? [];
  const perMs = parseDuration(/^\d/.test(time) ? time : `1${time}`);
  if (count !== undefined && Number(count) >= 1 && perMs !== undefined && perMs >= 1)
    return { count: Number(count), perMs };
  throw new InvalidArgumentError('It is a count and a time, such as 100/1m or 5/s.');
}
