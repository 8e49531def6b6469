/** weft tenants, weft limits: shares and limits, and how far they are used. */
import { exitCodes, type ExitCode, type KeyLimitList, type Rate, type SetRate } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { CliError } from '../cli-error.ts';
import { formatAge } from '../output/duration.ts';
import { painter } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';

export type LimitOptions = { maxConcurrent?: number; rate?: SetRate; burst?: number };
export type ShareOptions = LimitOptions & { weight?: number };

export async function listTenants(context: CommandContext): Promise<ExitCode> {
  const tenants = await context.client.tenants.list({ signal: context.interrupt });
  if (context.json) {
    writeJson(context, tenants);
    return exitCodes.ok;
  }
  const rows = tenants.items.map((one) => [one.name, String(one.weight), ...limitCells(one)]);
  writeTable(context, ['TENANT', 'WEIGHT', ...LIMIT_HEADER], rows);
  return exitCodes.ok;
}

export async function setTenant(context: CommandContext, name: string, options: ShareOptions): Promise<ExitCode> {
  const { weight, ...rest } = options;
  const wanted = { ...(weight !== undefined && { weight }), ...toLimit(rest) };
  const tenant = await context.client.tenants.set(name, wanted, { signal: context.interrupt });
  if (context.json) writeJson(context, tenant);
  else say(context, `${name}: weight ${tenant.weight}, ${sentence(tenant)}`);
  return exitCodes.ok;
}

export async function listLimits(context: CommandContext): Promise<ExitCode> {
  const limits = await context.client.limits.list({ signal: context.interrupt });
  if (context.json) writeJson(context, limits);
  else if (limits.items.length === 0) say(context, 'no key is limited');
  else {
    const rows = limits.items.map((one) => [one.key, ...limitCells(one)]);
    writeTable(context, ['KEY', ...LIMIT_HEADER], rows);
  }
  return exitCodes.ok;
}

export async function setLimit(context: CommandContext, key: string, options: LimitOptions): Promise<ExitCode> {
  const limits = await context.client.limits.set({ key, ...toLimit(options) }, { signal: context.interrupt });
  return tell(context, limits, key);
}

export async function removeLimit(context: CommandContext, key: string): Promise<ExitCode> {
  const limits = await context.client.limits.remove(key, { signal: context.interrupt });
  return tell(context, limits, key);
}

function tell(context: CommandContext, limits: KeyLimitList, key: string): ExitCode {
  const set = limits.items.find((limit) => limit.key === key);
  if (context.json) writeJson(context, limits);
  else say(context, `${key}: ${set ? sentence(set) : 'no limit'}`);
  return exitCodes.ok;
}

type Shown = { maxConcurrent: number | null; rate: Rate | null; running: number; waiting: number };

const LIMIT_HEADER = ['UNDER WAY', 'LIMIT', 'RATE', 'WAITING'];

function limitCells({ maxConcurrent, rate, running, waiting }: Shown): string[] {
  const most = maxConcurrent === null ? '-' : String(maxConcurrent);
  return [String(running), most, rate === null ? '-' : rateText(rate), String(waiting)];
}

function rateText({ count, perMs, burst }: Rate): string {
  return `${count} in ${spanText(perMs)}, burst ${burst}`;
}

/** As it may be given to --rate, in whole units: `1m`, not `1m00s`. */
function spanText(ms: number): string {
  return ms % 60_000 !== 0 && ms % 1000 === 0 ? `${ms / 1000}s` : formatAge(ms);
}

function sentence({ maxConcurrent, rate }: Pick<Shown, 'maxConcurrent' | 'rate'>): string {
  const most = maxConcurrent === null ? 'any number at once' : `at most ${maxConcurrent} at once`;
  return rate === null ? most : `${most}, ${rateText(rate)}`;
}

function toLimit({ maxConcurrent, rate, burst }: LimitOptions) {
  if (burst !== undefined && rate === undefined)
    throw new CliError('usage', '--burst needs a --rate', { exitCode: exitCodes.usage });
  return {
    ...(maxConcurrent !== undefined && { maxConcurrent }),
    ...(rate && { rate: { ...rate, ...(burst !== undefined && { burst }) } }),
  };
}

function writeTable({ terminal }: CommandContext, header: string[], rows: string[][]): void {
  const [first = '', ...lines] = tableLines(header, rows);
  terminal.out.write(`${[painter(terminal.out.color)('dim', first), ...lines].join('\n')}\n`);
}
