/** weft budgets, weft costs: what may be spent, and what was. */
import {
  exitCodes,
  type CostDimension,
  type CostItem,
  type ExitCode,
  type SetBudget,
  type TenantBudget,
} from '@weft/contract';
import { CliError } from '../cli-error.ts';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { painter } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';

export type BudgetOptions = Pick<SetBudget, 'key' | 'name' | 'period' | 'usd' | 'tokens'>;
export type CostOptions = {
  by: CostDimension[];
  from?: string;
  to?: string;
  workflow?: string;
  run?: string;
  limit: number;
};

export async function listBudgets(context: CommandContext): Promise<ExitCode> {
  return show(context, (await context.client.budgets.list({ signal: context.interrupt })).items);
}

export async function setBudget(context: CommandContext, options: BudgetOptions): Promise<ExitCode> {
  if (options.usd === undefined && options.tokens === undefined)
    throw new CliError('usage', 'a budget takes --usd, --tokens, or both', { exitCode: exitCodes.usage });
  return show(context, (await context.client.budgets.set(options, { signal: context.interrupt })).items);
}

export async function removeBudget(context: CommandContext, options: BudgetOptions): Promise<ExitCode> {
  return show(context, (await context.client.budgets.remove(options, { signal: context.interrupt })).items);
}

function show(context: CommandContext, items: readonly TenantBudget[]): ExitCode {
  if (context.json) writeJson(context, { items });
  else if (items.length === 0) say(context, 'no budgets');
  else
    writeTable(
      context,
      ['BUDGET', 'PERIOD', 'USD', 'SPENT', 'RESERVED', 'TOKENS', 'SPENT', 'RESERVED', ''],
      items.map(budgetRow),
    );
  return exitCodes.ok;
}

function budgetRow(budget: TenantBudget): string[] {
  const { key, name, period, usd, tokens, spent, reserved, warnedAt, exceededAt } = budget;
  const whose = key === undefined ? (name === undefined ? 'the tenant' : name) : `key ${key}`;
  const state = exceededAt === null ? (warnedAt === null ? '' : 'over 80 %') : 'used up';
  const money = usd === null ? ['-', '-', '-'] : [usd, spent.usd, reserved.usd].map(usdText);
  const counts = tokens === null ? ['-', '-', '-'] : [tokens, spent.tokens, reserved.tokens].map(String);
  return [whose, period, ...money, ...counts, state];
}

export async function showCosts(context: CommandContext, options: CostOptions): Promise<ExitCode> {
  const { by, ...rest } = options;
  const costs = await context.client.costs({ ...rest, groupBy: by, signal: context.interrupt });
  if (context.json) {
    writeJson(context, costs);
    return exitCodes.ok;
  }
  const { items, total, more } = costs;
  const header = [...by.map((dimension) => dimension.toUpperCase()), 'USD', 'INPUT', 'OUTPUT', 'ATTEMPTS'];
  const totals = by.map((_, index) => (index === 0 ? 'total' : ''));
  writeTable(context, header, [
    ...items.map((item) => [...by.map((name) => item[name] ?? '-'), ...sums(item)]),
    [...totals, ...sums(total)],
  ]);
  if (more) say(context, 'there are more: --limit says how many are shown');
  return exitCodes.ok;
}

function sums({
  usd,
  inputTokens,
  outputTokens,
  attempts,
}: Pick<CostItem, 'usd' | 'inputTokens' | 'outputTokens' | 'attempts'>): string[] {
  return [usdText(usd), String(inputTokens), String(outputTokens), String(attempts)];
}

/** Nine places at most, and two at least. */
function usdText(usd: number): string {
  const [whole = '0', places = ''] = usd.toFixed(9).replace(/0+$/, '').split('.');
  return `${whole}.${places.padEnd(2, '0')}`;
}

function writeTable({ terminal }: CommandContext, header: string[], rows: string[][]): void {
  const [first = '', ...lines] = tableLines(header, rows);
  terminal.out.write(`${[painter(terminal.out.color)('dim', first), ...lines].join('\n')}\n`);
}
