/** weft migrate: moves runs to another version of their workflow, or says which would fit. */
import { exitCodes, type ExitCode, type RunMigration, type WorkflowMigration } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { plainText } from '../output/plain-text.ts';

export type MigrateOptions = { version: number | undefined; dryRun: boolean };

export async function migrateCommand(
  context: CommandContext,
  runId: string,
  { version, dryRun }: MigrateOptions,
): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  if (!dryRun) {
    const run = await client.runs.migrate(runId, { version, signal });
    if (context.json) writeJson(context, run);
    else say(context, `run ${run.id} follows ${run.workflow.name}@${run.workflow.version} now`);
    return exitCodes.ok;
  }
  const check = await client.runs.checkMigration(runId, { version, signal });
  if (context.json) writeJson(context, check);
  else terminal.out.write(`${runLines(check).join('\n')}\n`);
  return check.fits ? exitCodes.ok : exitCodes.conflict;
}

type AllOptions = MigrateOptions & { from: readonly number[] | undefined };

/** With --json each run is on a line, and then the counts. */
export async function migrateAllCommand(
  context: CommandContext,
  name: string,
  { dryRun, ...which }: AllOptions,
): Promise<ExitCode> {
  const { client, terminal, interrupt: signal } = context;
  const counts = { runs: 0, fit: 0, misfit: 0, migrated: 0 };
  // The first page tells which version is the newest; the others are about the same one.
  let { version } = which;
  for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
    const options = { ...which, version, limit: 200, cursor, signal };
    const page: WorkflowMigration = await (dryRun
      ? client.workflows.checkMigration(name, options)
      : client.workflows.migrate(name, options));
    version = page.to;
    for (const key of ['runs', 'fit', 'misfit', 'migrated'] as const) counts[key] += page.counts[key];
    for (const item of page.items) {
      const lines = context.json ? [JSON.stringify(item)] : runLines(item);
      terminal.out.write(`${lines.join('\n')}\n`);
    }
    cursor = page.nextCursor ?? undefined;
  }
  if (context.json) terminal.out.write(`${JSON.stringify({ name, to: version, counts })}\n`);
  else say(context, summary(name, version ?? 0, { counts, dryRun, from: which.from }));
  return counts.misfit === 0 ? exitCodes.ok : exitCodes.conflict;
}

function runLines({ runId, from, to, fits, migrated, problems }: RunMigration): string[] {
  const verdict = migrated ? 'moved' : fits ? 'fits' : 'does not fit';
  const places = problems.map(({ code, pointer, message }) => `  ${pointer || '/'}: ${message} (${code})`);
  return [`${runId} ${from} -> ${to} ${verdict}`, ...places].map(plainText);
}

type Summed = { counts: WorkflowMigration['counts']; dryRun: boolean; from: readonly number[] | undefined };

function summary(name: string, version: number, { counts, dryRun, from }: Summed): string {
  const { runs, fit, misfit, migrated } = counts;
  if (runs === 0 && from) return `no live run of ${name} follows version ${from.join(' or ')}`;
  if (runs === 0) return `no live run of ${name} follows another version than ${version}`;
  const good = dryRun ? `${fit} fit` : `${migrated} moved`;
  return `${runs} live ${runs === 1 ? 'run' : 'runs'} of ${name}, to version ${version}: ${good}, ${misfit} do not fit`;
}
