/** The commands about callbacks. */
import { CallbackEvent, DeliveryStatus } from '@weft/contract';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AddCallbackOptions, DeliveriesOptions, PageOptions, ReplayOptions } from './commands/callbacks.ts';
import type { Perform } from './perform.ts';

export function addCallbackCommands(program: Command, perform: Perform): void {
  const callbacks = program
    .command('callbacks')
    .description('addresses that are told what becomes of runs, and what is on its way to them');
  addChanging(callbacks, perform);
  addDeliveries(callbacks, perform);
}

function addChanging(callbacks: Command, perform: Perform): void {
  callbacks
    .command('list', { isDefault: true })
    .description('show the callbacks of the tenant, newest first')
    .option('--limit <count>', 'how many', count, 50)
    .option('--cursor <cursor>', 'where to go on')
    .action((options: PageOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/callbacks.ts')).listCallbacks(context, options)),
    );
  callbacks
    .command('add <url>')
    .description('tell an address; the secret that deliveries are signed with is shown this once')
    .addOption(
      new Option('--event <event>', 'only this; may be given several times (all)')
        .choices(CallbackEvent.options)
        .argParser((event: string, before: string[] | undefined) => [...(before ?? []), known(event)]),
    )
    .option('--description <text>', 'what it is for')
    .action((url: string, options: AddCallbackOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/callbacks.ts')).addCallback(context, url, options)),
    );
  for (const [verb, active] of [
    ['enable', true],
    ['disable', false],
  ] as const)
    callbacks
      .command(`${verb} <id>`)
      .description(active ? 'tell it again, also after it answered 410' : 'tell it nothing until it is enabled')
      .action((id: string, _: object, command: Command) =>
        perform(command, async (context) => (await import('./commands/callbacks.ts')).setActive(context, id, active)),
      );
  callbacks
    .command('rotate <id>')
    .description('give it another secret, shown this once; for a day the former one signs as well')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/callbacks.ts')).rotateSecret(context, id)),
    );
  callbacks
    .command('remove <id>')
    .description('tell it no more; what was on its way is dropped')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/callbacks.ts')).removeCallback(context, id)),
    );
}

function addDeliveries(callbacks: Command, perform: Perform): void {
  callbacks
    .command('test <id>')
    .description('send it a test, and wait for what comes of the first attempt')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/callbacks.ts')).testCallback(context, id)),
    );
  callbacks
    .command('deliveries')
    .description('show what is, or was, on its way, newest first')
    .addOption(new Option('--status <status>', 'dead: given up').choices(DeliveryStatus.options))
    .option('--callback <id>', 'only to this callback')
    .option('--run <id>', 'only of this run')
    .option('--limit <count>', 'how many', count, 50)
    .option('--cursor <cursor>', 'where to go on')
    .action((options: DeliveriesOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/callbacks.ts')).listDeliveries(context, options)),
    );
  callbacks
    .command('why <delivery>')
    .description('say where a delivery stands, and show the log of its attempts')
    .action((id: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/callbacks.ts')).whyDelivery(context, id)),
    );
  callbacks
    .command('replay [delivery]')
    .description('deliver one once more, or all that was given up of a callback')
    .option('--callback <id>', 'all of this callback that was given up')
    .option('--since <instant>', 'with --callback: only what was given up since (ISO 8601)')
    .action((id: string | undefined, options: ReplayOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/callbacks.ts')).replayDeliveries(context, id, options),
      ),
    );
}

function known(event: string): string {
  if (CallbackEvent.safeParse(event).success) return event;
  throw new InvalidArgumentError(`It is one of ${CallbackEvent.options.join(', ')}.`);
}

function count(text: string): number {
  const limit = Number(text);
  if (/^\d{1,3}$/.test(text) && limit >= 1 && limit <= 200) return limit;
  throw new InvalidArgumentError('It is a number from 1 to 200.');
}
