/** The commands about runs. */
import { EventId, EventMode, Priority, RunStatus } from '@weft/contract';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ListOptions } from './commands/list.ts';
import type { RunOptions } from './commands/run.ts';
import { parseDuration } from './output/duration.ts';
import type { Perform } from './perform.ts';

type TimedOptions = { timeout?: number };

/** Options of a command that waits, as they are given. */
export type Timed<T extends { timeoutMs: number | null }> = Omit<T, 'timeoutMs'> & { timeout?: number };
type EventsFlags = TimedOptions & { modes?: EventMode[]; after: string };

export function addRunCommands(program: Command, perform: Perform): void {
  addRun(program, perform);
  addList(program, perform);
  program
    .command('show <run>')
    .description('show one run with its nodes, its error and its output')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/show.ts')).showCommand(context, id)),
    );
  program
    .command('watch <run>')
    .description('follow a run to its end; with --json every event on a line, then the run')
    .addOption(timeoutOption())
    .action((id: string, { timeout }: TimedOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/watch.ts')).watchCommand(context, id, { timeoutMs: timeout ?? null }),
      ),
    );
  addEvents(program, perform);
  program
    .command('cancel <run>')
    .description('end a run that has not ended')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/cancel.ts')).cancelCommand(context, id)),
    );
  program
    .command('retry <run>')
    .description('run what failed in a failed run again')
    .option('-w, --watch', 'follow it to its end', false)
    .addOption(timeoutOption())
    .action((id: string, { watch, timeout }: TimedOptions & { watch: boolean }, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/retry.ts')).retryCommand(context, id, { watch, timeoutMs: timeout ?? null }),
      ),
    );
}

function addRun(program: Command, perform: Perform): void {
  program
    .command('run <file-or-name>')
    .description('start a run and wait for its end, which prints its output and decides the exit status')
    .option('-i, --set <key=value>', 'set a key of the input; JSON if it is JSON; a.b=1 nests', collect, [])
    .option('--input <file>', 'the input as JSON or YAML; - reads the standard input')
    .option('-w, --watch', 'show the nodes as they run; with --json every event on a line, then the run', false)
    .option('-d, --detach', 'do not wait: print the id of the run', false)
    .option('--idempotency-key <key>', 'the same key with the same request starts one run only')
    .addOption(new Option('--priority <priority>', 'how urgent it is').choices(Priority.options))
    .option('--tag <tag>', 'a label for the run; may be repeated', collect, [])
    .addOption(timeoutOption())
    .action((target: string, options: Omit<RunOptions, 'timeoutMs'> & TimedOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/run.ts')).runCommand(context, target, {
          ...options,
          timeoutMs: options.timeout ?? null,
        }),
      ),
    );
}

function addEvents(program: Command, perform: Perform): void {
  program
    .command('events <run>')
    .description('tell what happens in a run, event by event, to its end; with --json each on a line')
    .option('--modes <modes>', `which: ${EventMode.options.join(',')} (tasks,updates)`, parseModes)
    .option('--after <id>', 'go on behind this event', parseEventId, '0')
    .addOption(timeoutOption())
    .action((id: string, { modes, after, timeout }: EventsFlags, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/events.ts')).eventsCommand(context, id, { modes, after, timeoutMs: timeout ?? null }),
      ),
    );
}

function parseModes(text: string): EventMode[] {
  const modes = EventMode.array().safeParse(text.split(',').map((mode) => mode.trim()));
  if (modes.success) return modes.data;
  throw new InvalidArgumentError(`It is a list of ${EventMode.options.join(', ')}.`);
}

function parseEventId(text: string): string {
  if (EventId.safeParse(text).success) return text;
  throw new InvalidArgumentError('It is the id of an event, such as 12 or 12.3.');
}

function addList(program: Command, perform: Perform): void {
  program
    .command('list')
    .alias('ls')
    .description('list runs, newest first')
    .addOption(new Option('--status <status>', 'only those with this status').choices(RunStatus.options))
    .option('--workflow <name>', 'only those of this workflow')
    .option('--tag <tag>', 'only those with this label')
    .option('-n, --limit <count>', 'how many, at most 200', parseLimit, 20)
    .option('--cursor <cursor>', 'where the page before ended')
    .action((options: ListOptions, command: Command) =>
      perform(command, async (context) => {
        const { limit, cursor, status, workflow, tag } = options;
        return (await import('./commands/list.ts')).listCommand(context, { limit, cursor, status, workflow, tag });
      }),
    );
}

/** `--timeout` of what waits for the end of a run. */
export function timeoutOption(): Option {
  return new Option('--timeout <duration>', 'stop waiting after 30s, 5m, ...; the run goes on').argParser((text) => {
    const ms = parseDuration(text);
    if (ms === undefined || ms > 2_147_483_647)
      throw new InvalidArgumentError('It is a duration such as 500ms, 30s or 5m.');
    return ms;
  });
}

/** The size of a page. */
export function parseLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 200) return limit;
  throw new InvalidArgumentError('It is a number from 1 to 200.');
}

/** Gathers an option that may be repeated. */
export function collect(value: string, before: string[] = []): string[] {
  return [...before, value];
}
