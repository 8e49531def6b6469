/** weft test: tests of workflows, without a server. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { findTests, runTestFiles, WorkflowTestError, type CaseReport, type FilesReport } from '@weft/testing';
import { CliError } from '../cli-error.ts';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { painter } from '../output/paint.ts';
import { plainText } from '../output/plain-text.ts';

export async function testCommand(
  context: CommandContext,
  paths: readonly string[],
  { filter }: { filter?: string | undefined },
): Promise<ExitCode> {
  const files = await findTests(paths).catch((error: unknown) => {
    throw error instanceof WorkflowTestError ? usage(error.message) : error;
  });
  if (files.length === 0) throw usage(`there are no tests in ${paths.join(', ')}`, HINT);
  const onCase = context.json ? () => undefined : printer(context);
  const report = await runTestFiles(files, { filter, onCase });
  if (context.json) writeJson(context, report);
  else tellEnd(context, report);
  if (report.broken.length > 0) return exitCodes.usage;
  if (report.cases.length === 0) throw usage(`no test has a name with "${filter ?? ''}" in it`);
  return report.cases.every(({ ok }) => ok) ? exitCodes.ok : exitCodes.runFailed;
}

const HINT = ['Tests are files that are called NAME.weft-test.yaml or NAME.weft-recording.json.'];

/** A line for each case, under the name of its file. */
function printer({ terminal: { out } }: CommandContext): (report: CaseReport) => void {
  const paint = painter(out.color);
  let last = '';
  return ({ file, name, ok, ms, failures }) => {
    if (file !== last) out.write(`${last === '' ? '' : '\n'}${plainText(file)}\n`);
    last = file;
    const mark = ok ? paint('green', '✓') : paint('red', '✗');
    out.write(`  ${mark} ${plainText(name)} ${paint('dim', `${ms}ms`)}\n`);
    for (const { place, message, lines } of failures) {
      out.write(`    ${paint('red', plainText(message))}\n`);
      for (const line of lines) out.write(`    ${paint(colorOf(line), plainText(line))}\n`);
      out.write(`    ${paint('dim', `at ${plainText(place)}`)}\n`);
    }
  };
}

function colorOf(line: string): 'red' | 'green' | 'dim' {
  if (line.startsWith('-')) return 'red';
  return line.startsWith('+') ? 'green' : 'dim';
}

function tellEnd(context: CommandContext, { cases, broken }: FilesReport): void {
  const paint = painter(context.terminal.err.color);
  for (const { message, lines } of broken) {
    say(context, paint('red', plainText(message)));
    for (const line of lines) say(context, `  ${plainText(line)}`);
  }
  const failed = cases.filter(({ ok }) => !ok).length;
  const parts = [`${cases.length - failed} passed`, `${failed} failed`];
  if (broken.length > 0) parts.push(`${broken.length} that cannot be read`);
  say(context, parts.join(', '));
}

function usage(message: string, lines: string[] = []): CliError {
  return new CliError('usage', message, { exitCode: exitCodes.usage, lines });
}
