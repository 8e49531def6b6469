/** The commands about schedules. */
import { FireOutcome, OverlapPolicy, Priority, ScheduleState } from '@weft/contract';
import { type Command, InvalidArgumentError, Option } from 'commander';

import type { BackfillOptions, FireOptions, NextOptions, ScheduleListOptions } from './commands/schedules.ts';
import type { ScheduleOptions, SpecOptions } from './input/schedule-fields.ts';
import { parseAge, parseDuration } from './output/duration.ts';
import type { Perform } from './perform.ts';
import { collect, parseLimit } from './program-runs.ts';

const load = () => import('./commands/schedules.ts');

export function addScheduleCommands(program: Command, perform: Perform): void {
  const schedules = program.command('schedules').description('run workflows by the clock');
  addReading(schedules, perform);
  addChanging(schedules, perform);
  addSteering(schedules, perform);
}

function addReading(schedules: Command, perform: Perform): void {
  paged(schedules.command('list', { isDefault: true }))
    .description('show the schedules, by name, with their next instant and their last firing')
    .addOption(new Option('--state <state>', 'only those in it').choices(ScheduleState.options))
    .option('--workflow <name>', 'only those of this workflow')
    .action((options: ScheduleListOptions, command: Command) =>
      perform(command, async (context) => (await load()).listSchedules(context, options)),
    );
  schedules
    .command('show <name>')
    .description('show one')
    .action((name: string, _: object, command: Command) =>
      perform(command, async (context) => (await load()).showSchedule(context, name)),
    );
  paged(schedules.command('fires <name>'))
    .description('show what became of its instants, the last first')
    .addOption(new Option('--outcome <outcome>', 'only those with it').choices(FireOutcome.options))
    .action((name: string, options: FireOptions, command: Command) =>
      perform(command, async (context) => (await load()).listFires(context, name, options)),
    );
  withSpec(schedules.command('next [name]'))
    .description('show the next instants of one, or of what the options say')
    .option('-n, --count <count>', 'how many, at most 100', upTo100, 10)
    .option('--after <instant>', 'after this instant (now)')
    .action((name: string | undefined, options: NextOptions & SpecOptions, command: Command) =>
      perform(command, async (context) => (await load()).nextInstants(context, name, options)),
    );
}

function addChanging(schedules: Command, perform: Perform): void {
  withSpec(schedules.command('add <name> <workflow>'))
    .description('create one for a saved workflow, or for one version of it: name@3')
    .option('-i, --set <key=value>', 'set a key of the input; JSON if it is JSON; a.b=1 nests', collect, [])
    .option('--input <file>', 'the input as JSON or YAML; - reads the standard input')
    .option('--config <key=value>', 'set a key of the config; may be repeated', collect, [])
    .addOption(
      new Option('--overlap <policy>', 'while an earlier run has not ended (skip)').choices(OverlapPolicy.options),
    )
    .option('--catch-up <time>', 'how late a run may start: 10m, 12h (1h)', duration)
    .option('--pause-after-failures <count>', 'pause after so many failures in a row', positive)
    .addOption(new Option('--priority <priority>', 'how urgent its runs are').choices(Priority.options))
    .option('--tag <tag>', 'a label for its runs; may be repeated', collect, [])
    .option('--description <text>', 'what it is for')
    .option('--paused', 'it begins paused', false)
    .option('--replace', 'put it in the place of the one that has the name', false)
    .action((name: string, workflow: string, options: ScheduleOptions, command: Command) =>
      perform(command, async (context) => (await load()).addSchedule(context, { name, workflow, options })),
    );
  schedules
    .command('remove <name>')
    .alias('rm')
    .description('remove one, and what is known of its firings; its runs go on')
    .action((name: string, _: object, command: Command) =>
      perform(command, async (context) => (await load()).removeSchedule(context, name)),
    );
}

function addSteering(schedules: Command, perform: Perform): void {
  for (const verb of ['pause', 'resume'] as const) {
    schedules
      .command(`${verb} <name>`)
      .description(verb === 'pause' ? 'pause one; its runs go on' : 'resume one, with its next instant')
      .option('--note <text>', 'why')
      .action((name: string, { note }: { note?: string }, command: Command) =>
        perform(command, async (context) => (await load()).pauseSchedule(context, verb, { name, note })),
      );
  }
  schedules
    .command('run <name>')
    .description('run one now, also while it is paused')
    .addOption(overlapOption('while an earlier run has not ended (allowAll)'))
    .option('--idempotency-key <key>', 'the same key runs it once only')
    .action((name: string, options: { overlap?: OverlapPolicy; idempotencyKey?: string }, command: Command) =>
      perform(command, async (context) => (await load()).runSchedule(context, name, options)),
    );
  schedules
    .command('backfill <name>')
    .description('make up for instants that have passed: those that were missed, skipped, or failed')
    .requiredOption('--from <instant>', 'the first, such as 2026-11-01T00:00:00Z')
    .requiredOption('--to <instant>', 'the last')
    .addOption(overlapOption('how they run (bufferAll: one after the other)'))
    .action((name: string, options: BackfillOptions, command: Command) =>
      perform(command, async (context) => (await load()).backfillSchedule(context, name, options)),
    );
}

function withSpec(command: Command): Command {
  return command
    .option('--cron <cron>', 'such as "30 6 * * 1-5"; with six fields the first is the second')
    .option('--time-zone <zone>', 'of the cron, such as Europe/Berlin (UTC)')
    .option('--every <time>', 'every 30s, 5m, 12h, 1d, ...', duration)
    .option('--offset <time>', 'so much later than the multiples of --every', duration)
    .option('--at <instant>', 'once, such as 2026-12-01T08:00:00Z')
    .option('--start <instant>', 'not before')
    .option('--end <instant>', 'not after')
    .option('--max-runs <count>', 'it ends after so many runs', positive)
    .option('--jitter <time>', 'put off each firing by up to so much', duration);
}

function overlapOption(description: string): Option {
  return new Option('--overlap <policy>', description).choices(OverlapPolicy.options);
}

function paged(command: Command): Command {
  return command
    .option('-n, --limit <count>', 'how many, at most 200', parseLimit, 50)
    .option('--cursor <cursor>', 'where the page before ended');
}

function duration(text: string): number {
  const ms = parseDuration(text) ?? parseAge(text);
  if (ms !== undefined) return Math.round(ms);
  throw new InvalidArgumentError('It is a time such as 30s, 5m, 12h or 1d.');
}

function positive(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 1 on.');
}

function upTo100(text: string): number {
  const count = positive(text);
  if (count <= 100) return count;
  throw new InvalidArgumentError('It is a number from 1 to 100.');
}
