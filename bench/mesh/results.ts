/** What stands above every table, where it is kept, and how figures are written. */
import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { basename } from 'node:path';

import { quantile } from './measure.ts';

export type Result = {
  title: string;
  /** What was measured and how, in whole sentences. */ notes: string;
  body: readonly string[];
};

const loadBefore = loadavg()[0];

/** Prints the page and, with `--write`, keeps it as `bench/results/NAME.md`, named for the file that was run. */
export async function publish({ title, notes, body }: Result): Promise<void> {
  const name = basename(process.argv[1] ?? '').replace(/(\.bench)?\.ts$/, '');
  const flags = process.argv.slice(2).filter((flag) => flag !== '--write');
  const command = ['node', `bench/${name}.bench.ts`, ...flags].join(' ');
  const date = new Date().toISOString().slice(0, 10);
  const machine = `${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}, load ${loadBefore?.toFixed(1)} before it`;
  const page = [`# ${title}`, '', `\`${command}\`, ${date}, commit ${commit()}, ${machine}.`, notes, '', ...body, ''];
  const text = page.join('\n');
  console.log(`\n${text}`);
  if (process.argv.includes('--write')) await writeFile(new URL(`../results/${name}.md`, import.meta.url), text);
}

/** Marked where files differ from it, results aside. */
function commit(): string {
  const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
  const changed = git('status', '--porcelain', '--', '.', ':!bench/results') !== '';
  return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`;
}

/** Median and quartiles. */
export function spread(figures: readonly number[], digits: number): string {
  const at = (share: number): string => fixed(quantile(figures, share), digits);
  return figures.length > 1 ? `${at(0.5)} (${at(0.25)}-${at(0.75)})` : at(0.5);
}

export function median(figures: readonly number[], digits: number): string {
  return fixed(quantile(figures, 0.5), digits);
}

export function fixed(figure: number, digits: number): string {
  return figure.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function row(...cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** `>= 2` and whether the figure is there; nothing where there is no goal. */
export function atLeast(goal: number | undefined, figure: number): string {
  return goal === undefined ? '' : `>= ${goal}: ${figure >= goal ? 'met' : 'missed'}`;
}

export function atMost(goal: number | undefined, figure: number): string {
  return goal === undefined ? '' : `<= ${goal}: ${figure <= goal ? 'met' : 'missed'}`;
}
