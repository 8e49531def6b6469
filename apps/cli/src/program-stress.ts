/** The command that floods a stack. */
import type { Json } from '@weft/contract';
import { MAX_BATCH_RUNS } from '@weft/contract';
import { type Command, InvalidArgumentError } from 'commander';
import { parseDuration } from './output/duration.ts';
import type { Perform } from './perform.ts';

type Options = {
  tasks: number;
  clients: number;
  batch: number;
  uses: string;
  with?: Json;
  patience: number;
  timeout: number;
};

export function addStressCommand(program: Command, perform: Perform): void {
  program
    .command('stress')
    .description('flood a running stack with tasks, then read back every one; ends with 1 if any was lost or doubled')
    .option('-n, --tasks <count>', 'how many tasks', count(1_000_000), 500)
    .option('-c, --clients <count>', 'how many submit at once', count(1000), 20)
    .option('-b, --batch <count>', 'tasks per request; more than 1 uses POST /v1/runs/batch', count(MAX_BATCH_RUNS), 1)
    .option('--uses <executor>', 'what the tasks do', 'echo')
    .option('--with <json>', 'the input of every task; without it each has its own', parseJson)
    .option('--patience <duration>', 'how long a request is tried again while the stack is away', duration, 60_000)
    .option('--timeout <duration>', 'how long the stack has to end what it took', duration, 300_000)
    .action((options: Options, command: Command) =>
      perform(command, async (context) => {
        const { tasks, clients, batch, uses, with: input = null, patience, timeout } = options;
        const { stressCommand } = await import('./commands/stress.ts');
        return stressCommand(context, { tasks, clients, batch, uses, input, patienceMs: patience, drainMs: timeout });
      }),
    );
}

function count(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`It is a number from 1 to ${most}.`);
  };
}

function duration(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms <= 2_147_483_647) return ms;
  throw new InvalidArgumentError('It is a duration such as 500ms, 30s or 5m.');
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw new InvalidArgumentError('It is JSON.');
  }
}
