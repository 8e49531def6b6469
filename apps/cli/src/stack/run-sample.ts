/** The sample: the repository report, made once per data folder, of the repository that Weft itself lies in. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Run } from '@weft/contract';
import { say, type CommandContext } from '../command-context.ts';
import { readDocumentFile } from '../input/document-file.ts';
import { painter } from '../output/paint.ts';
import { endLine } from '../output/report-end.ts';
import { followRun } from '../watch/follow-run.ts';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
const SCRIPTS = join(ROOT, 'examples', 'repo-report');
const NAME = 'repo-report';

/** Starts the sample, or follows the one that an earlier start left unfinished. What goes wrong is told, never thrown. */
export async function runSample(context: CommandContext, dataDir: string): Promise<void> {
  const file = join(SCRIPTS, 'workflow.yaml');
  if (!existsSync(file)) return;
  try {
    const [known] = (
      await context.client.runs.list({ workflow: NAME, tag: 'sample', limit: 1, signal: context.interrupt })
    ).items;
    if (known !== undefined && known.endedAt !== null) return tellOf(context, known, 'the sample ran before:');
    const run = known ?? (await startSample(context, file, dataDir));
    if (!context.json) say(context, `${known === undefined ? 'sample run' : 'the sample run goes on:'} ${run.id}`);
    const ended = await followRun(context, run, { watch: !context.json, timeoutMs: null });
    tellOf(context, ended, 'the sample');
  } catch (error) {
    if (context.interrupt.aborted) return;
    say(context, `the sample could not be run: ${error instanceof Error ? error.message : String(error)}`);
  }
}

async function startSample({ client, interrupt }: CommandContext, file: string, dataDir: string): Promise<Run> {
  const { value } = await readDocumentFile(file);
  const input = { repo: ROOT, out: join(dataDir, NAME), scripts: SCRIPTS };
  return client.runs.start({ workflow: value, input, tags: ['sample'] }, { signal: interrupt });
}

function tellOf(context: CommandContext, run: Run, lead: string): void {
  if (context.json) return;
  const { color } = context.terminal.err;
  say(context, `${painter(color)('dim', lead)} ${endLine(run, color)}`);
  const report = reportOf(run);
  if (report !== null) say(context, `its report: ${report}`);
}

function reportOf({ output }: Run): string | null {
  const isObject = typeof output === 'object' && output !== null && !Array.isArray(output);
  return isObject && typeof output['report'] === 'string' ? output['report'] : null;
}
