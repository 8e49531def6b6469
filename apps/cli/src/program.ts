/** The commands, their arguments and options. What they do is loaded when it is called for. */
import type { ExitCode } from '@weft/contract';
import { exitCodes } from '@weft/contract';
import { Command } from 'commander';
import type { CliIo } from './cli-io.ts';
import { DEFAULT_URL } from './config.ts';
import { releaseYoungGeneration } from './footprint.ts';
import { weftVersion } from './stack/version.ts';
import { createContext, type GlobalOptions } from './create-context.ts';
import type { Perform } from './perform.ts';
import { addArtifactCommands } from './program-artifacts.ts';
import { addBranchCommands } from './program-branches.ts';
import { addCheckpointCommands } from './program-checkpoints.ts';
import { addDeadCommands } from './program-dead.ts';
import { addDevCommand } from './program-dev.ts';
import { addDoctorCommand } from './program-doctor.ts';
import { addEndpointCommands } from './program-endpoints.ts';
import { addKeyCommands } from './program-keys.ts';
import { addBudgetCommands } from './program-budgets.ts';
import { addLookCommands } from './program-look.ts';
import { addLimitCommands } from './program-limits.ts';
import { addMeshCommands } from './program-mesh.ts';
import { addMigrateCommand } from './program-migrate.ts';
import { addProcessCommands } from './program-processes.ts';
import { addRetentionCommands } from './program-retention.ts';
import { addRunCommands } from './program-runs.ts';
import { addScaleCommand } from './program-scale.ts';
import { addSteerCommands } from './program-steer.ts';
import { addScheduleCommands } from './program-schedules.ts';
import { addStressCommand } from './program-stress.ts';
import { addTestCommands } from './program-tests.ts';
import { addWorkersCommand } from './program-workers.ts';
import { addWorkflowCommands } from './program-workflows.ts';

export type Session = { program: Command; exitCode: () => ExitCode };

const EPILOGUE = `
Exit status: 0 ok, 1 the run failed, 2 usage, 3 not found, 4 auth, 5 conflict, 6 server unreachable,
7 invalid document or input, 8 timeout, 130 interrupted. Data goes to the standard output, talk to the error output.`;

export function createProgram(io: CliIo): Session {
  let exitCode: ExitCode = exitCodes.ok;
  /** For processes that release the young generation themselves, once they are up. */
  const performSmall: Perform = async (command, work) => {
    exitCode = await work(createContext(io, command.optsWithGlobals<GlobalOptions>()));
  };
  const perform: Perform = (command, work) => {
    releaseYoungGeneration();
    return performSmall(command, work);
  };
  const program = new Command('weft')
    .description('Run and follow durable workflows')
    .version(weftVersion())
    .option('--json', 'data as JSON on the standard output', false)
    .option('--url <url>', `where the server is (or WEFT_URL; ${DEFAULT_URL})`)
    .option('--token <token>', "an API key, or the server's token (or WEFT_TOKEN, WEFT_TOKEN_FILE)")
    .option('--tenant <name>', 'the tenant to act in, with the token of the server (or WEFT_TENANT; default)')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => io.terminal.out.write(text),
      writeErr: (text) => io.terminal.err.write(text),
      getOutHelpWidth: () => io.terminal.out.columns,
      getErrHelpWidth: () => io.terminal.err.columns,
      getOutHasColors: () => io.terminal.out.color,
      getErrHasColors: () => io.terminal.err.color,
    })
    .showHelpAfterError('(weft --help says more)')
    .exitOverride()
    .addHelpText('after', EPILOGUE);
  addDevCommand(program, perform);
  addProcessCommands(program, performSmall);
  addScaleCommand(program, performSmall);
  addRunCommands(program, perform);
  addSteerCommands(program, perform);
  addMigrateCommand(program, perform);
  addCheckpointCommands(program, perform);
  addBranchCommands(program, perform);
  addLookCommands(program, perform);
  addDeadCommands(program, perform);
  addRetentionCommands(program, perform);
  addArtifactCommands(program, perform);
  addWorkersCommand(program, perform);
  addKeyCommands(program, perform);
  addLimitCommands(program, perform);
  addEndpointCommands(program, perform);
  addBudgetCommands(program, perform);
  addScheduleCommands(program, perform);
  addMeshCommands(program, perform);
  addWorkflowCommands(program, perform);
  addTestCommands(program, perform);
  addStressCommand(program, perform);
  addDoctorCommand(program, perform);
  return { program, exitCode: () => exitCode };
}
