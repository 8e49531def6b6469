/** The commands that have runs go on from checkpoints, and begin again. */
import type { Command } from 'commander';
import type { ForkOptions } from './commands/fork.ts';
import type { ReplayOptions } from './commands/replay.ts';
import type { RerunOptions } from './commands/rerun.ts';
import type { CheckpointName } from './input/parse-checkpoint.ts';
import { parseCheckpoint, parseRunOrCheckpoint } from './input/parse-checkpoint.ts';
import type { Perform } from './perform.ts';
import { required, wholeRun } from './program-checkpoints.ts';
import { parseVersion } from './program-migrate.ts';
import { collect, timeoutOption, type Timed } from './program-runs.ts';

export function addBranchCommands(program: Command, perform: Perform): void {
  following(program.command('replay'))
    .argument('<run@step>', 'the step that the run goes on from', required(parseCheckpoint))
    .description('have a run go on from one of its steps; what came after it is superseded')
    .option('-s, --set <key=value>', 'replace a key of the state; may be repeated', collect, [])
    .option('--update <key=value>', 'update a key of the state through its reducer; may be repeated', collect, [])
    .action((name: CheckpointName, { timeout, ...rest }: Timed<ReplayOptions>, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/replay.ts')).replayCommand(context, name, { ...rest, timeoutMs: timeout ?? null }),
      ),
    );
  following(program.command('fork'))
    .argument(
      '<run[@step]>',
      'where the new run goes on; without a step: from the last one',
      required(parseRunOrCheckpoint),
    )
    .description('start a run that goes on from a step of another one; what had finished is not run again')
    .option('-s, --set <key=value>', 'replace a key of the state; may be repeated', collect, [])
    .option('--update <key=value>', 'update a key of the state through its reducer; may be repeated', collect, [])
    .option(
      '-e, --edit <node.path=value>',
      'edit a node, such as answer.with.model=large; may be repeated',
      collect,
      [],
    )
    .option('--to <version>', 'another version of the workflow', parseVersion)
    .action(
      (name: Partial<CheckpointName> & { runId: string }, { timeout, ...rest }: Timed<ForkOptions>, command: Command) =>
        perform(command, async (context) =>
          (await import('./commands/fork.ts')).forkCommand(context, name, { ...rest, timeoutMs: timeout ?? null }),
        ),
    );
  following(program.command('rerun'))
    .argument('<run>', 'the run that is started again', wholeRun('weft fork RUN@STEP'))
    .description('start a run again from its beginning, as another run')
    .option('-i <key=value>', 'change a key of the input; may be repeated', collect, [])
    .option('--to <version>', 'another version of the workflow', parseVersion)
    .action((id: string, { timeout, ...rest }: Timed<RerunOptions>, command: Command) =>
      perform(command, async (context) =>
        (await import('./commands/rerun.ts')).rerunCommand(context, id, { ...rest, timeoutMs: timeout ?? null }),
      ),
    );
}

function following(command: Command): Command {
  return command.option('-w, --watch', 'follow the run to its end', false).addOption(timeoutOption());
}
