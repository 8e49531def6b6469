/** Events of a mesh execution as lines for people. */
import type { MeshEvent, MeshEventData } from '@weft/contract';
import { formatDuration } from './duration.ts';
import type { Paint } from './paint.ts';
import { plainText } from './plain-text.ts';
import { statusMark } from './status-mark.ts';
import { usdText } from './usage-text.ts';

export function meshLine({ event, data }: MeshEvent, paint: Paint): string {
  switch (event) {
    case 'step-started':
      return line(statusMark('running', paint), data.stepId, whereOf(data));
    case 'step-completed':
      return line(statusMark('succeeded', paint), data.stepId, spentOf(data));
    case 'step-failed':
      return line(
        statusMark('failed', paint),
        data.stepId,
        `${data.error.message} (${data.error.code}), ${spentOf(data)}`,
      );
    case 'step-skipped':
      return line(statusMark('skipped', paint), data.stepId, data.reason);
    case 'step-retrying':
      return line(statusMark('waiting', paint), data.stepId, `${data.error.message} (${data.error.code}); tried again`);
    case 'model-selected':
      return line(' ', data.stepId, `asks ${whereOf(data)}`);
    case 'message':
      return line(' ', data.stepId, data.text);
    case 'gap':
      return `events behind ${data.after} are missing`;
    case 'budget-warning':
      return `four fifths of the budget are spent: ${amount(data)}`;
    case 'budget-exceeded':
      return plainText(`the budget is used up (${amount(data)}); not begun: ${data.abortedSteps.join(', ')}`);
    case 'workflow-completed':
      return `${statusMark(data.status, paint)} ${data.status}, ${usdText(data.totalCost)}${timeOf(data.durationMs)}`;
  }
}

function line(mark: string, stepId: string, text: string): string {
  return `${mark} ${plainText(`${stepId.padEnd(12)} ${text}`)}`;
}

function whereOf({ endpoint, model }: { endpoint: string | null; model: string | null }): string {
  return [endpoint, model].filter((part) => part !== null).join(' ');
}

function spentOf(data: MeshEventData<'step-completed'> | MeshEventData<'step-failed'>): string {
  return `${[whereOf(data), usdText(data.cost)].filter((part) => part !== '').join(', ')}${timeOf(data.durationMs)}`;
}

function timeOf(durationMs: number | null): string {
  return durationMs === null ? '' : `, ${formatDuration(durationMs)}`;
}

function amount({ unit, limit, spent }: { unit: 'usd' | 'tokens'; limit: number; spent: number }): string {
  return unit === 'usd' ? `${usdText(spent)} of ${usdText(limit)}` : `${spent} of ${limit} tokens`;
}
