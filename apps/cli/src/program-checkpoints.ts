/** The commands that look back at runs. */
import { type Command, InvalidArgumentError } from 'commander';
import { parseCheckpoint, parseOtherCheckpoint } from './input/parse-checkpoint.ts';
import type { CheckpointName } from './input/parse-checkpoint.ts';
import type { Perform } from './perform.ts';
import { parseLimit } from './program-runs.ts';

type PageOptions = { limit: number; cursor?: string };

export function addCheckpointCommands(program: Command, perform: Perform): void {
  program
    .command('checkpoints <run>')
    .description('list the checkpoints of a run, one for each step, oldest first')
    .option('-n, --limit <count>', 'how many, at most 200', parseLimit, 50)
    .option('--cursor <cursor>', 'where the page before ended')
    .action((id: string, { limit, cursor }: PageOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/checkpoints.ts')).checkpointsCommand(context, id, { limit, cursor }),
      ),
    );
  program
    .command('checkpoint')
    .argument('<run@step>', 'such as 0198a000-0000-7000-8000-000000000001@7', required(parseCheckpoint))
    .description('show a run as it was after one of its steps: its state, its tasks and what came next')
    .option('-n, --limit <count>', 'how many tasks, at most 1,000', parseTaskLimit, 200)
    .option('--cursor <cursor>', 'where the page of tasks before ended')
    .action((name: CheckpointName, { limit, cursor }: PageOptions, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/checkpoint.ts')).checkpointCommand(context, name, { limit, cursor }),
      ),
    );
  program
    .command('diff')
    .argument('<run@from>', 'the one checkpoint', required(parseCheckpoint))
    .argument('<run@to>', 'the other one; @STEP is one of the same run', required(parseOtherCheckpoint))
    .description('show what differs between two checkpoints of a run, or of two runs')
    .action((from: CheckpointName, to: Partial<CheckpointName> & { step: number }, _: object, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/diff.ts')).diffCommand(context, { from, to: { runId: from.runId, ...to } }),
      ),
    );
  program
    .command('compare')
    .argument('<run>', 'the one run', wholeRun('weft diff RUN@STEP OTHER@STEP'))
    .argument('<other>', 'the other one', wholeRun('weft diff RUN@STEP OTHER@STEP'))
    .description(
      'show two runs beside each other, such as a fork and its original: what differs, took and cost, by node',
    )
    .action((from: string, to: string, _: object, command: Command) =>
      perform(command, async (context) => (await import('./commands/compare.ts')).compareCommand(context, from, to)),
    );
}

/** Refuses what cannot be read. */
export function required<T>(parse: (text: string) => T | undefined): (text: string) => T {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError('It is RUN@STEP, with the number of a step.');
    return value;
  };
}

/** For commands about runs as they are now. `instead`: what a checkpoint is for. */
export function wholeRun(instead: string): (text: string) => string {
  return (text) => {
    if (text.includes('@')) throw new InvalidArgumentError(`It is a run, without a step. For a step: ${instead}`);
    return text;
  };
}

function parseTaskLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit;
  throw new InvalidArgumentError('It is a number from 1 to 1,000.');
}
