/** The commands about the mesh: executions, and those of the orchestrator. */
import { type Command, Option } from 'commander';
import type { ExecuteOptions, FollowOptions } from './commands/mesh.ts';
import type { Perform } from './perform.ts';
import { addOrchestratorCommands } from './program-orchestrator.ts';

export function addMeshCommands(program: Command, perform: Perform): void {
  const mesh = program
    .command('mesh')
    .description('carry out single tasks, or steps with dependencies, on the endpoints; show how the mesh is');
  addOrchestratorCommands(mesh, perform);
  mesh
    .command('execute <file>')
    .description('start the steps of a file (- for the standard input) and stay until they have ended')
    .addOption(events())
    .option('--idempotency-key <key>', 'the same key with the same steps starts them only once')
    .action((file: string, options: ExecuteOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/mesh.ts')).executeCommand(context, file, options)),
    );
  mesh
    .command('follow <run>')
    .description('join an execution, from its beginning or from an event')
    .addOption(events())
    .option('--after <id>', 'the id of the last event that is known', '0')
    .action((runId: string, options: FollowOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/mesh.ts')).followCommand(context, runId, options)),
    );
}

function events(): Option {
  return new Option('--events <which>', 'main: the five events of an execution; all: what is told in between as well')
    .choices(['main', 'all'])
    .default('main');
}
