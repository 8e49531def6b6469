/** weft schedules: workflows by the clock. */
import {
  exitCodes,
  type ExitCode,
  type FireOutcome,
  type OverlapPolicy,
  type Schedule,
  type ScheduleState,
} from '@weft/contract';

import { CliError } from '../cli-error.ts';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { scheduleOf, specOf, type ScheduleOptions, type SpecOptions } from '../input/schedule-fields.ts';
import { painter } from '../output/paint.ts';
import { FIRE_HEADER, fireRow, SCHEDULE_HEADER, scheduleLines, scheduleRow } from '../output/schedule-lines.ts';
import { tableLines } from '../output/table.ts';

type Paging = { limit: number; cursor?: string };
export type ScheduleListOptions = Paging & { state?: ScheduleState; workflow?: string };
export type FireOptions = Paging & { outcome?: FireOutcome };
export type NextOptions = { count: number; after?: string };
export type BackfillOptions = { from: string; to: string; overlap?: OverlapPolicy };

export async function listSchedules(context: CommandContext, options: ScheduleListOptions): Promise<ExitCode> {
  const page = await context.client.schedules.list({ ...options, signal: context.interrupt });
  return writePage(context, page, { none: 'no schedules', header: SCHEDULE_HEADER, rows: page.items.map(scheduleRow) });
}

export async function listFires(context: CommandContext, name: string, options: FireOptions): Promise<ExitCode> {
  const page = await context.client.schedules.fires(name, { ...options, signal: context.interrupt });
  return writePage(context, page, { none: 'it has not fired', header: FIRE_HEADER, rows: page.items.map(fireRow) });
}

export async function showSchedule(context: CommandContext, name: string): Promise<ExitCode> {
  const schedule = await context.client.schedules.get(name, { signal: context.interrupt });
  if (context.json) writeJson(context, schedule);
  else context.terminal.out.write(`${scheduleLines(schedule).join('\n')}\n`);
  return exitCodes.ok;
}

export async function nextInstants(
  context: CommandContext,
  name: string | undefined,
  { count, after, ...options }: NextOptions & SpecOptions,
): Promise<ExitCode> {
  const { client, interrupt: signal } = context;
  const spec = specOf(options);
  const isGiven = Object.keys(spec).length > 0;
  if (isGiven === (name !== undefined))
    throw new CliError('usage', 'name a schedule, or say when by --cron, --every or --at', {
      exitCode: exitCodes.usage,
    });
  const wanted = { count, ...(after !== undefined && { after }) };
  const next =
    name === undefined
      ? await client.schedules.preview({ spec, ...wanted }, { signal })
      : await client.schedules.next(name, { ...wanted, signal });
  if (context.json) writeJson(context, next);
  else if (next.items.length === 0) say(context, 'no instant is to come');
  else
    writeTable(
      context,
      ['INSTANT', 'LOCAL'],
      next.items.map(({ scheduledFor, local }) => [scheduledFor, local]),
    );
  return exitCodes.ok;
}

export async function addSchedule(
  context: CommandContext,
  { name, workflow, options }: { name: string; workflow: string; options: ScheduleOptions },
): Promise<ExitCode> {
  const { client, interrupt: signal } = context;
  const body = await scheduleOf(workflow, options);
  const schedule = options.replace
    ? await client.schedules.replace(name, body, { signal })
    : await client.schedules.create({ name, ...body, ...(options.paused && { paused: true }) }, { signal });
  return tell(context, schedule, options.replace ? 'is replaced' : 'is created');
}

export async function removeSchedule(context: CommandContext, name: string): Promise<ExitCode> {
  const schedule = await context.client.schedules.remove(name, { signal: context.interrupt });
  if (context.json) writeJson(context, schedule);
  else say(context, `the schedule ${name} is removed`);
  return exitCodes.ok;
}

export async function pauseSchedule(
  context: CommandContext,
  verb: 'pause' | 'resume',
  { name, note }: { name: string; note: string | undefined },
): Promise<ExitCode> {
  const schedule = await context.client.schedules[verb](name, note, { signal: context.interrupt });
  return tell(context, schedule, `is ${verb}d`);
}

export async function runSchedule(
  context: CommandContext,
  name: string,
  options: { overlap?: OverlapPolicy; idempotencyKey?: string },
): Promise<ExitCode> {
  const fire = await context.client.schedules.run(name, { ...options, signal: context.interrupt });
  if (context.json) writeJson(context, fire);
  else if (fire.runId !== null) context.terminal.out.write(`${fire.runId}\n`);
  else say(context, `${fire.outcome}${fire.reason === null ? '' : `: ${fire.reason.message}`}`);
  return fire.outcome === 'failed' ? exitCodes.runFailed : exitCodes.ok;
}

export async function backfillSchedule(
  context: CommandContext,
  name: string,
  range: BackfillOptions,
): Promise<ExitCode> {
  const done = await context.client.schedules.backfill(name, range, { signal: context.interrupt });
  if (context.json) writeJson(context, done);
  else say(context, `${done.added} firings wait now; ${done.started} had been started, or waited already`);
  return exitCodes.ok;
}

function tell(context: CommandContext, schedule: Schedule, what: string): ExitCode {
  const { name, nextAt } = schedule;
  if (context.json) writeJson(context, schedule);
  else say(context, `the schedule ${name} ${what}${nextAt === null ? '' : `; it fires next at ${nextAt}`}`);
  return exitCodes.ok;
}

type Table = { none: string; header: readonly string[]; rows: string[][] };

function writePage(
  context: CommandContext,
  page: { items: unknown[]; nextCursor: string | null },
  { none, header, rows }: Table,
): ExitCode {
  if (context.json) {
    writeJson(context, page);
    return exitCodes.ok;
  }
  if (rows.length === 0) say(context, none);
  else writeTable(context, header, rows);
  if (page.nextCursor !== null) say(context, `more: --cursor ${page.nextCursor}`);
  return exitCodes.ok;
}

function writeTable({ terminal }: CommandContext, header: readonly string[], rows: string[][]): void {
  const [first = '', ...lines] = tableLines(header, rows);
  terminal.out.write(`${[painter(terminal.out.color)('dim', first), ...lines].join('\n')}\n`);
}
