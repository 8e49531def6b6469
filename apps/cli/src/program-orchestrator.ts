/** The commands about the mesh as a whole: tasks for its best endpoint, circuits, figures, scaling, emergencies. */
import { type Command, InvalidArgumentError } from 'commander';
import type { DispatchOptions } from './commands/orchestrator.ts';
import { parseDuration } from './output/duration.ts';
import type { Perform } from './perform.ts';

/** Adds them to the command of the mesh. */
export function addOrchestratorCommands(mesh: Command, perform: Perform): void {
  addDispatch(mesh, perform);
  mesh
    .command('circuits')
    .description('show the circuits of the endpoints')
    .action((_: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/orchestrator.ts')).showCircuits(context)),
    );
  mesh
    .command('metrics')
    .description('show how the endpoints are and how the work goes')
    .action((_: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/orchestrator.ts')).showMetrics(context)),
    );
  mesh
    .command('scaling')
    .description('show whether there shall be more workers or fewer; --sla sets how long a task should take')
    .option('--sla <time>', 'from ready to ended: 5s, 500ms', parseTime)
    .action((options: { sla?: number }, command: Command) =>
      perform(command, async (context) => (await import('./commands/orchestrator.ts')).scaling(context, options)),
    );
  mesh
    .command('emergency [switch]')
    .description('show whether everything goes to the cheapest endpoint; `on` and `off` switch it')
    .option('--reason <text>', 'why')
    .option('--everywhere', 'for all tenants, with the token of the server', false)
    .action((wanted: string | undefined, options: { reason?: string; everywhere: boolean }, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/orchestrator.ts')).emergency(context, wanted, options),
      ),
    );
}

function addDispatch(mesh: Command, perform: Perform): void {
  mesh
    .command('dispatch <task>')
    .description('have the endpoint that is best for its type do one task; - reads it from the standard input')
    .option('--type <type>', 'the kind of work; endpoints with this specialty come first (general)')
    .option('--priority <priority>', 'CRITICAL, HIGH, NORMAL or LOW (NORMAL)')
    .option('--tag <tag>', 'only endpoints with one of these tags; may be given more than once', addTag)
    .option('--model <model>', 'only endpoints with this model')
    .option('--usd <amount>', 'what it may cost', parseAmount)
    .option('--wait <time>', 'how long to wait for its end, at most 60s; 0 not at all', parseTime, 60_000)
    .option('--key <key>', 'the same key again is the same task')
    .action((task: string, options: DispatchOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/orchestrator.ts')).dispatch(context, task, options),
      ),
    );
}

function addTag(tag: string, before: string[] = []): string[] {
  return [...before, tag];
}

function parseTime(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('It is a time such as 5s or 500ms.');
}

function parseAmount(text: string): number {
  const amount = Number(text);
  if (/^\d{1,7}(\.\d{1,9})?$/.test(text)) return amount;
  throw new InvalidArgumentError('It is an amount of USD such as 0.05.');
}
