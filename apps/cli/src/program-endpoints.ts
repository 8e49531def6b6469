/** The commands about endpoints. */
import { EndpointProtocol } from '@weft/contract';
import { type Command, InvalidArgumentError, Option } from 'commander';

import type { AddOptions, ListOptions, UpdateOptions } from './commands/endpoints.ts';
import { parseDuration } from './output/duration.ts';
import type { Perform } from './perform.ts';

const load = () => import('./commands/endpoints.ts');

export function addEndpointCommands(program: Command, perform: Perform): void {
  const endpoints = program
    .command('endpoints')
    .description('register, show and change endpoints: what is outside and does work');
  addReading(endpoints, perform);
  addChanging(endpoints, perform);
  addSteering(endpoints, perform);
}

function addReading(endpoints: Command, perform: Perform): void {
  endpoints
    .command('list', { isDefault: true })
    .description('show the endpoints, by name, and how they are')
    .option('--tag <tag>', 'only those with this tag')
    .addOption(new Option('--protocol <protocol>', 'only those that speak it').choices(EndpointProtocol.options))
    .option('--limit <count>', 'how many', pageSize, 50)
    .option('--cursor <cursor>', 'where to go on')
    .action((options: ListOptions, command: Command) =>
      perform(command, async (context) => (await load()).listEndpoints(context, options)),
    );
  endpoints
    .command('show <name>')
    .description('show one, without its token')
    .action((name: string, _: object, command: Command) =>
      perform(command, async (context) => (await load()).showEndpoint(context, name)),
    );
}

function addChanging(endpoints: Command, perform: Perform): void {
  withFields(
    endpoints.command('add <name> <url>').description('register one').addOption(protocol().makeOptionMandatory()),
  ).action((name: string, url: string, options: AddOptions, command: Command) =>
    perform(command, async (context) => (await load()).addEndpoint(context, { name, url, options })),
  );
  withFields(
    endpoints
      .command('update <name> [url]')
      .description(
        'change one; what is not named stays as it is, and a URL of another server needs the token once more',
      )
      .addOption(protocol())
      .option('--unset <fields>', 'what it shall not have any more, such as model,token,tags', splitNames),
  ).action((name: string, url: string | undefined, options: UpdateOptions, command: Command) =>
    perform(command, async (context) => (await load()).updateEndpoint(context, { name, url, options })),
  );
  endpoints
    .command('rm <name>')
    .description('remove one; what is under way there goes on')
    .action((name: string, _: object, command: Command) =>
      perform(command, async (context) => (await load()).removeEndpoint(context, name)),
    );
}

function addSteering(endpoints: Command, perform: Perform): void {
  for (const verb of ['drain', 'undrain'] as const) {
    endpoints
      .command(`${verb} <name>`)
      .description(verb === 'drain' ? 'send it nothing new; what is under way goes on' : 'send it work again')
      .action((name: string, _: object, command: Command) =>
        perform(command, async (context) => (await load()).drainEndpoint(context, verb, name)),
      );
  }
  endpoints
    .command('circuit <name> <state>')
    .description('close its circuit (closed), or open it until it is closed again (open)')
    .action((name: string, state: string, _: object, command: Command) =>
      perform(command, async (context) => (await load()).setCircuit(context, name, state)),
    );
}

function protocol(): Option {
  return new Option('--protocol <protocol>', 'how it is spoken to').choices(EndpointProtocol.options);
}

function withFields(command: Command): Command {
  return command
    .option('--model <model>', 'the model that is asked for')
    .option('--tag <tag>', 'a label that nodes ask for; may be given several times', collect, [])
    .option('--specialty <kind>', 'a kind of work that it is best at; may be given several times', collect, [])
    .option('--max-concurrent <count>', 'calls under way at once (1)', positive)
    .option('--price-in <usd>', 'for a million tokens of input', amount)
    .option('--price-out <usd>', 'for a million tokens of output', amount)
    .option('--price-call <usd>', 'for a call', amount)
    .option('--rpm <count>', 'requests per minute that the provider allows', positive)
    .option('--tpm <count>', 'tokens per minute that the provider allows', positive)
    .option('--health-url <url>', 'what is asked whether it is there (its own URL)')
    .option('--health-every <time>', 'how often: 30s, 5m', duration)
    .option('--no-health', 'do not ask')
    .option('--token-file <file>', 'its credential is in this file; - is the standard input')
    .option('--secret <name>', 'its credential is this secret of the workers, WEFT_SECRET_<name>')
    .option('--option <key=value>', 'what only its protocol knows; may be given several times', collect, []);
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function positive(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is a whole number from 1 on.');
}

function pageSize(text: string): number {
  const count = positive(text);
  if (count <= 200) return count;
  throw new InvalidArgumentError('It is a number from 1 to 200.');
}

function amount(text: string): number {
  if (/^\d{1,6}(?:\.\d{1,9})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is an amount in USD, such as 0.15.');
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms >= 1000) return ms;
  throw new InvalidArgumentError('It is a time of a second or more, such as 30s or 5m.');
}

function splitNames(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}
