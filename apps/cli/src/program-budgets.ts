/** The commands about budgets and what was spent. */
import { BudgetPeriod, CostDimension } from '@weft/contract';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { BudgetOptions, CostOptions } from './commands/budgets.ts';
import type { Perform } from './perform.ts';

export function addBudgetCommands(program: Command, perform: Perform): void {
  addBudgets(program, perform);
  program
    .command('costs')
    .description('show what was spent, in money and tokens')
    .option(
      '--by <dimensions>',
      `by what it is summed: ${CostDimension.options.join(' ')}; several with commas`,
      dimensions,
      ['day'],
    )
    .option('--from <day>', 'the first day, such as 2026-11-01 (29 days before the last)')
    .option('--to <day>', 'the last day (today, in UTC)')
    .option('--workflow <name>', 'of one workflow')
    .option('--run <id>', 'of one run')
    .option('--limit <count>', 'lines at most', count, 100)
    .action((options: CostOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/budgets.ts')).showCosts(context, options)),
    );
}

function addBudgets(program: Command, perform: Perform): void {
  const budgets = program.command('budgets').description('show and set what a tenant, its keys, and runs may spend');
  budgets
    .command('list', { isDefault: true })
    .description('show the budgets of the tenant, and how far they are used')
    .action((_: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/budgets.ts')).listBudgets(context)),
    );
  whose(budgets.command('set'))
    .description('set a budget: of the whole tenant, or of a key, or one that runs name')
    .option('--usd <amount>', 'dollars at most', amount)
    .option('--tokens <count>', 'input and output tokens at most', tokens)
    .action((options: BudgetOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/budgets.ts')).setBudget(context, options)),
    );
  whose(budgets.command('remove'))
    .description('remove a budget')
    .action((options: BudgetOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/budgets.ts')).removeBudget(context, options)),
    );
}

function whose(command: Command): Command {
  return command
    .addOption(new Option('--key <id>', 'of what is started with this API key').conflicts('name'))
    .option('--name <name>', 'of the runs that name it: budget: { name }')
    .addOption(new Option('--period <period>', 'when it begins anew, in UTC').choices(BudgetPeriod.options));
}

function amount(text: string): number {
  if (/^\d{1,6}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is an amount such as 5 or 0.25.');
}

function tokens(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number.');
}

function count(text: string): number {
  const limit = Number(text);
  if (/^\d{1,4}$/.test(text) && limit >= 1 && limit <= 1000) return limit;
  throw new InvalidArgumentError('It is a number from 1 to 1000.');
}

function dimensions(text: string): CostDimension[] {
  const known = text.split(',').map((name) => CostDimension.safeParse(name.trim()));
  const by = known.flatMap((name) => (name.success ? [name.data] : []));
  if (by.length === known.length && by.length > 0 && by.length <= 4) return by;
  throw new InvalidArgumentError(`Up to four of ${CostDimension.options.join(', ')}.`);
}
