/** What became of each node in two runs, a line for each. */
import type { ComparedNode, ComparedTasks, RunComparison, Usage } from '@weft/contract';
import { formatDuration } from './duration.ts';
import { painter, type Paint } from './paint.ts';
import { fitText } from './plain-text.ts';
import { statusMark } from './status-mark.ts';
import { tableLines } from './table.ts';
import { changeText, usdText } from './usage-text.ts';

const NODE_COLUMNS = 40;

type Column = { title: string; cell: (node: ComparedNode) => string; total: string };

/** Tasks, tokens and cost have a column only where there is something to say. */
export function comparisonTable({ nodes, from, to }: RunComparison, paint: Paint): string[] {
  if (nodes.length === 0) return ['no task has begun'];
  const sides = nodes.flatMap((node) => [node.from, node.to]).filter((side) => side !== null);
  const sum = (side: 'from' | 'to'): number => nodes.reduce((ms, node) => ms + (node[side]?.durationMs ?? 0), 0);
  const runs = [from.usage, to.usage];
  const columns: Column[] = [
    { title: 'NODE', cell: ({ node }) => fitText(node, NODE_COLUMNS), total: 'total' },
    { title: 'A', cell: (node) => statusText(node.from), total: '' },
    { title: 'B', cell: (node) => statusText(node.to), total: '' },
    ...(sides.some(({ tasks }) => tasks > 1) ? [counted('TASKS', ({ tasks }) => tasks)] : []),
    ...(sides.some(({ attempts, tasks }) => attempts > tasks) ? [counted('ATTEMPTS', ({ attempts }) => attempts)] : []),
    {
      title: 'TOOK',
      cell: (node) => both(node, ({ durationMs }) => formatDuration(durationMs)),
      total: changeText(formatDuration(sum('from')), formatDuration(sum('to'))),
    },
    ...(runs.some((usage) => tokensOf(usage) > 0) ? [spent('TOKENS', from.usage, to.usage, tokensText)] : []),
    ...(runs.some(({ usd }) => usd > 0) ? [spent('COST', from.usage, to.usage, ({ usd }) => usdText(usd))] : []),
    { title: 'OUTPUT', cell: outputText, total: '' },
  ];
  const rows = nodes.map((node) => columns.map(({ cell }) => cell(node)));
  const [header = '', ...lines] = tableLines(
    columns.map(({ title }) => title),
    [...rows, columns.map(({ total }) => total)],
  );
  return [paint('dim', header), ...lines];
}

function counted(title: string, of: (side: ComparedTasks) => number): Column {
  return { title, cell: (node) => both(node, (side) => String(of(side))), total: '' };
}

function spent(title: string, from: Usage, to: Usage, text: (usage: Usage) => string): Column {
  return { title, cell: (node) => both(node, ({ usage }) => text(usage)), total: changeText(text(from), text(to)) };
}

function tokensOf({ inputTokens, outputTokens }: Usage): number {
  return inputTokens + outputTokens;
}

function tokensText(usage: Usage): string {
  return String(tokensOf(usage));
}

/** A cell cannot be coloured. */
function statusText(side: ComparedTasks | null): string {
  if (side === null) return '';
  const { status, tasks, kept } = side;
  const note = kept === 0 ? '' : kept === tasks ? ', kept' : `, ${kept} of ${tasks} kept`;
  return `${statusMark(status, painter(false))} ${status}${note}`;
}

function both(node: ComparedNode, text: (side: ComparedTasks) => string): string {
  const show = (side: ComparedTasks | null): string => (side === null ? '' : text(side));
  if (node.from === null || node.to === null) return `${show(node.from)}${show(node.to)}`;
  return changeText(show(node.from), show(node.to));
}

function outputText({ outputs: { equal, different, onlyFrom, onlyTo } }: ComparedNode): string {
  const all = equal + different + onlyFrom + onlyTo;
  if (all === 0) return '';
  if (equal === all) return 'equal';
  const count = (n: number, text: string): string[] => (n === 0 ? [] : [all === 1 ? text : `${n} ${text}`]);
  const parts = [count(different, 'different'), count(onlyFrom, 'only in A'), count(onlyTo, 'only in B')];
  return [...parts, count(equal, 'equal')].flat().join(', ');
}
