/** The command that examines a running system. */
import type { Command } from 'commander';

import type { DoctorOptions } from './commands/doctor.ts';
import type { Perform } from './perform.ts';

export function addDoctorCommand(program: Command, perform: Perform): void {
  program
    .command('doctor')
    .description(
      'examine a running system at DATABASE_URL and REDIS_URL, or that of npm start, and say what is wrong with it',
    )
    .option('--only <checks>', 'these checks only, separated by commas', splitNames)
    .option('--data-dir <folder>', 'the data folder of npm start (or WEFT_DATA_DIR; .weft)')
    .action((options: DoctorOptions, command: Command) =>
      perform(command, async (context) => (await import('./commands/doctor.ts')).doctorCommand(context, options)),
    );
}

function splitNames(text: string): string[] {
  return text.split(',').map((name) => name.trim());
}
