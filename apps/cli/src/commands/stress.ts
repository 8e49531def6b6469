/** weft stress: floods a running stack and counts what it lost. */
import { exitCodes, type ExitCode } from '@weft/contract';
import { say, writeJson, type CommandContext } from '../command-context.ts';
import { formatDuration } from '../output/duration.ts';
import { painter } from '../output/paint.ts';
import { tableLines } from '../output/table.ts';
import type { Figures } from '../stress/figures.ts';
import { runStress } from '../stress/run-stress.ts';
import type { StressOptions } from '../stress/stress-options.ts';
import type { StressReport } from '../stress/stress-report.ts';

/** Ends with 1 if anything was lost, doubled or not accepted. */
export async function stressCommand(context: CommandContext, options: StressOptions): Promise<ExitCode> {
  const { client, interrupt, terminal } = context;
  const tell = (line: string): void => (context.json ? undefined : say(context, line));
  const report = await runStress({ client, signal: interrupt, tell }, options);
  if (context.json) writeJson(context, report);
  else terminal.out.write(`${reportLines(report).join('\n')}\n`);
  const isClean = report.lost + report.doubled + report.refused === 0;
  for (const problem of report.problems) tell(painter(terminal.err.color)('red', problem));
  return isClean ? exitCodes.ok : exitCodes.runFailed;
}

function reportLines(report: StressReport): string[] {
  const { submit, endToEnd, noticed, drainMs } = report;
  const perRequest = report.batch > 1 ? `, ${report.batch} runs per request` : '';
  return [
    `${report.accepted} of ${report.tasks} tasks (${report.uses}) from ${report.clients} clients${perRequest}: ` +
      `${submit.perSecond} submissions/s for ${formatDuration(submit.ms)}, ${report.retries} retries`,
    '',
    ...tableLines(
      ['LATENCY', 'P50', 'P95', 'P99', 'MAX', ''],
      [
        ['answer', ...cells(submit.answer), 'from the request to its answer'],
        [
          'end to end',
          ...cells(endToEnd),
          `to the end as written by the database (±${endToEnd?.clockUncertaintyMs ?? '?'} ms)`,
        ],
        ['noticed', ...cells(noticed), `to the notice over the WebSocket (${noticed?.count ?? 0} heard)`],
      ],
    ),
    '',
    `drained in ${drainMs === null ? '-' : formatDuration(drainMs)}; lost ${report.lost}, doubled ${report.doubled}, refused ${report.refused}`,
  ];
}

function cells(figures: Figures | null): string[] {
  if (figures === null) return ['-', '-', '-', '-'];
  return [figures.p50, figures.p95, figures.p99, figures.max].map((ms) => `${ms.toFixed(1)}ms`);
}
