import type { ExitCode } from '@weft/contract';
import type { Command } from 'commander';
import type { CommandContext } from './command-context.ts';

/** Runs a command with its context and keeps its exit status. */
export type Perform = (command: Command, work: (context: CommandContext) => Promise<ExitCode>) => Promise<void>;
