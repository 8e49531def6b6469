/** weft prune: deletes ended runs, after it has said how many and been told to go on. */
import { createInterface } from 'node:readline/promises';

import { exitCodes, type ExitCode, type PrunedRuns, type PruneRuns } from '@weft/contract';
import { CliError } from '../cli-error.ts';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { formatBytes } from '../output/bytes.ts';

export type PruneOptions = {
  workflow?: string;
  olderThan?: number;
  keep?: number;
  status?: PruneRuns['statuses'];
  archive: boolean;
  dryRun: boolean;
  yes: boolean;
};

export async function pruneCommand(context: CommandContext, options: PruneOptions): Promise<ExitCode> {
  const { client, interrupt: signal } = context;
  const request = requestOf(options);
  const estimate = await client.retention.estimate(request, { signal });
  if (options.dryRun || estimate.runs === 0) return report(context, estimate, 'would be deleted');
  if (!options.yes && !(await isWanted(context, estimate))) {
    say(context, 'nothing was deleted');
    return exitCodes.ok;
  }
  const total = { runs: 0, bytes: 0, archived: 0, isDone: false };
  while (!total.isDone) {
    const part = await client.retention.prune(request, { signal });
    total.runs += part.runs;
    total.bytes += part.bytes;
    total.archived += part.archived;
    total.isDone = part.isDone;
    if (!part.isDone && !context.json) say(context, `${amount(total)} so far`);
  }
  return report(context, total, 'were deleted');
}

function requestOf({ workflow, olderThan, keep, status, archive }: PruneOptions) {
  return {
    archive,
    ...(workflow !== undefined && { workflow }),
    ...(olderThan !== undefined && { olderThanMs: olderThan }),
    ...(keep !== undefined && { keep }),
    ...(status !== undefined && { statuses: status }),
  };
}

/** Whoever looks at a terminal is asked; a script has to say `--yes`. */
async function isWanted({ terminal, interrupt, json }: CommandContext, estimate: PrunedRuns): Promise<boolean> {
  if (json || !terminal.err.isTty || !process.stdin.isTTY) {
    const message = `${amount(estimate)} would be deleted: say --yes, or --dry-run to only look`;
    throw new CliError('usage', message, { exitCode: exitCodes.usage });
  }
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await reader.question(`Delete ${amount(estimate)}? [y/N] `, { signal: interrupt });
    return /^y(?:es)?$/i.test(answer.trim());
  } finally {
    reader.close();
  }
}

function report(context: CommandContext, pruned: PrunedRuns, what: string): ExitCode {
  if (context.json) writeJson(context, pruned);
  else say(context, `${amount(pruned)} ${what}${pruned.archived > 0 ? `, ${pruned.archived} are archived` : ''}`);
  return exitCodes.ok;
}

function amount({ runs, bytes }: Pick<PrunedRuns, 'runs' | 'bytes'>): string {
  return `${runs} ${runs === 1 ? 'run' : 'runs'} (${formatBytes(bytes)})`;
}
