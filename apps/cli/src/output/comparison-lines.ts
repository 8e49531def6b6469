/** Two runs beside each other, for people. */
import type { ComparedDefinition, ComparedNode, ComparedRun, Differences, Json, RunComparison } from '@weft/contract';
import { tokensOf } from '@weft/contract';
import { comparisonTable } from './comparison-table.ts';
import { formatDuration } from './duration.ts';
import type { Paint } from './paint.ts';
import { fitText, plainText } from './plain-text.ts';
import { inStatusColor, statusMark } from './status-mark.ts';
import { usageText } from './usage-text.ts';

/** So much is shown of a value, and so much before the place where two of them begin to differ. */
const VALUE_COLUMNS = 120;
const SHARED = 20;

export type Drawing = { paint: Paint; columns: number };

export function comparisonLines(comparison: RunComparison, { paint, columns }: Drawing): string[] {
  const { from, to, workflow, input, config, state, output, nodes, nodeCount } = comparison;
  const left = nodeCount - nodes.length;
  const lines = [
    runLine('A', from, paint),
    runLine('B', to, paint),
    plainText(relationText(comparison)),
    ...definitionLines(workflow, paint),
    ...section('input', input, paint),
    ...section('config', config, paint),
    '',
    ...comparisonTable(comparison, paint),
    ...(left > 0 ? [`and ${left} more nodes`] : []),
    ...outputLines(nodes, paint),
    ...(state === null ? ['', 'the states are too large to be compared'] : section('state', state, paint)),
    ...section('output of the run', output, paint),
  ];
  return lines.map((line) => fitted(line, columns));
}

/** Colours take no room, so only what has none is cut. */
function fitted(line: string, columns: number): string {
  return line.includes('\u001b') ? line : fitText(line, columns);
}

function runLine(
  name: string,
  { id, workflow, status, durationMs, usage, keptUsage, error }: ComparedRun,
  paint: Paint,
) {
  const kept = usageText(keptUsage);
  const parts = [
    `${plainText(workflow.name)}@${workflow.version}`,
    `${statusMark(status, paint)} ${inStatusColor(status, status, paint)}`,
    ...(durationMs === null ? [] : [`in ${formatDuration(durationMs)}`]),
    ...(usageText(usage) === '' ? [] : [usageText(usage)]),
    ...(kept === '' ? [] : [`of which ${kept} before it was forked`]),
    ...(error === null ? [] : [plainText(`${error.code}: ${error.message}`)]),
  ];
  return `${paint('bold', name)} ${plainText(id)}  ${parts.join('  ')}`;
}

function relationText({ relation, common }: RunComparison): string {
  if (relation === 'same') return 'A and B are the same run';
  if (common === null) return 'A and B have nothing in common';
  const at = common.step === 0 ? 'started again from the beginning' : `the same up to ${common.runId}@${common.step}`;
  if (relation === 'fork') return `B comes from A: ${at}`;
  if (relation === 'original') return `A comes from B: ${at}`;
  return `A and B come from the same run: ${at}`;
}

function definitionLines({ nodes, count, keys }: RunComparison['workflow'], paint: Paint): string[] {
  if (count === 0 && keys.length === 0) return [];
  const rest = count - nodes.length;
  return [
    '',
    paint('dim', 'defined otherwise'),
    ...nodes.flatMap((node) => definitionLine(node, paint)),
    ...(rest > 0 ? [`and ${rest} more nodes`] : []),
    ...(keys.length > 0 ? [paint('yellow', `~ ${plainText(keys.join(', '))}`)] : []),
  ];
}

function definitionLine({ node, change, differences }: ComparedDefinition, paint: Paint): string[] {
  if (change === 'added') return [paint('green', `+ ${plainText(node)}`)];
  if (change === 'removed') return [paint('red', `- ${plainText(node)}`)];
  return differences ? differenceLines(differences, paint, node) : [];
}

/** What differs in the first task of each node. */
function outputLines(nodes: readonly ComparedNode[], paint: Paint): string[] {
  const lines = nodes.flatMap(({ outputs: { first } }) =>
    first?.differences ? differenceLines(first.differences, paint, first.key) : [],
  );
  return lines.length === 0 ? [] : ['', paint('dim', 'outputs of nodes'), ...lines];
}

function section(title: string, differences: Differences, paint: Paint): string[] {
  return differences.count === 0 ? [] : ['', paint('dim', title), ...differenceLines(differences, paint)];
}

function differenceLines({ items, count }: Differences, paint: Paint, within?: string): string[] {
  const rest = count - items.length;
  return [
    ...items.map((item) => differenceLine(item, paint, within)),
    ...(rest > 0 ? [`  and ${rest} more places`] : []),
  ];
}

function differenceLine({ op, path, was, value }: Differences['items'][number], paint: Paint, within?: string): string {
  const place = [...(within === undefined ? [] : [within]), ...tokensOf(path)].join(' > ') || '(all of it)';
  const [before, after] = [valueText(was), valueText(value)];
  if (op === 'remove') return paint('red', plainText(`- ${place} = ${cut(before, 0)}`));
  if (op === 'add') return paint('green', plainText(`+ ${place} = ${cut(after, 0)}`));
  const from = Math.max(0, sharedLength(before, after) - SHARED);
  return paint('yellow', plainText(`~ ${place} = ${cut(before, from)} -> ${cut(after, from)}`));
}

function valueText(value: Json | undefined): string {
  return value === undefined ? '(long)' : JSON.stringify(value);
}

/** How many characters both begin with. */
function sharedLength(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length += 1;
  return length;
}

/** The text from where it begins to differ on. */
function cut(text: string, from: number): string {
  return fitText(from === 0 ? text : `…${text.slice(from)}`, VALUE_COLUMNS);
}
