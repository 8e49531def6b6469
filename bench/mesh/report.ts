/** The markdown table: medians and quartiles over the pairs, and ratios that were taken within each pair. */
import type { Commits, Measured, Shape } from './measure.ts';
import { quantile } from './measure.ts';
import { CHAIN } from './side.ts';

/** What was measured back to back. */
export type Pair = { commits: Commits; weft: Record<Shape, Measured>; peer: Record<Shape, Measured> };

export type ReportHead = {
  command: string;
  date: string;
  commit: string;
  machine: string;
  peer: string;
  notes: string;
};

export function report(pairs: readonly Pair[], { command, date, commit, machine, peer, notes }: ReportHead): string {
  const of = (figure: (pair: Pair) => number, digits = 0): string => spread(pairs.map(figure), digits);
  const row = (name: string, ...cells: string[]): string => `| ${[name, ...cells].join(' | ')} |`;
  const rate = (name: string, shape: Shape): string =>
    row(
      name,
      of((pair) => pair.weft[shape].rate),
      of((pair) => pair.peer[shape].rate),
      of((pair) => pair.weft[shape].rate / pair.peer[shape].rate, 2),
    );
  const cpu = (name: string, shape: Shape): string =>
    row(
      name,
      of((pair) => pair.weft[shape].cpu, 3),
      of((pair) => pair.peer[shape].cpu, 3),
      of((pair) => pair.weft[shape].cpu / pair.peer[shape].cpu, 2),
    );
  const stepMs = ({ runsMs }: Measured): number => quantile(runsMs, 0.5) / CHAIN;
  const tail = ({ runsMs }: Measured): number => quantile(runsMs, 0.99) / quantile(runsMs, 0.5);
  return [
    '# The mesh beside BullMQ flows',
    '',
    `\`${command}\`: ${pairs.length} interleaved pairs, ${date}, commit ${commit}, ${machine}.`,
    notes,
    '',
    `| median (quartiles) | Weft | ${peer} | Weft / ${peer}, per pair |`,
    '|---|--:|--:|--:|',
    rate('W1 steps/s: a chain of ten, one run at a time', 'W1'),
    rate('W2 nodes/s: 100 runs at once of 1 -> 40 -> 1', 'W2'),
    rate('W3 runs/s: 5,000 runs of one task, in bulk', 'W3'),
    cpu('W1 CPU s per 1,000 steps, all processes', 'W1'),
    cpu('W2 CPU s per 1,000 nodes, all processes', 'W2'),
    cpu('W3 CPU s per 1,000 runs, all processes', 'W3'),
    row(
      'W1 run p99 / p50',
      of((pair) => tail(pair.weft.W1), 2),
      of((pair) => tail(pair.peer.W1), 2),
      '',
    ),
    row(
      'W1 p50 of a step, ms',
      of((pair) => stepMs(pair.weft.W1), 2),
      of((pair) => stepMs(pair.peer.W1), 2),
      '',
    ),
    row(
      'W1 p50 of a step / p50 of one commit',
      of((pair) => stepMs(pair.weft.W1) / pair.commits.p50Ms, 2),
      of((pair) => stepMs(pair.peer.W1) / pair.commits.p50Ms, 2),
      '',
    ),
    '',
    `One-row commits in the same pairs: ${of((pair) => pair.commits.rate)} a second, p50 ${of((pair) => pair.commits.p50Ms, 2)} ms.`,
    '',
  ].join('\n');
}

function spread(figures: readonly number[], digits: number): string {
  const at = (share: number): string =>
    quantile(figures, share).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${at(0.5)} (${at(0.25)}-${at(0.75)})`;
}
