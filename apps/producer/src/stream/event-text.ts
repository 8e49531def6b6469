/** The text format of server-sent events. */
import type { Event } from '@weft/contract';
import type { StreamItem } from '@weft/engine/runtime';

/** Tells browsers when to come back, and proxies that something flows. */
export const PREAMBLE = 'retry: 2000\n\n';
export const COMMENT = ': still here\n\n';

const GAP = ': events between steps were left out\n\n';

/** The events of one step in one piece, so that none of them is lost behind the id of another. */
export function itemText(item: StreamItem): string {
  if (item.kind === 'events') return item.events.map(eventText).join('');
  if (item.kind === 'gap') return GAP;
  const { runId, step, status } = item;
  return message({ id: String(step), event: 'end', data: { runId, step, status } });
}

function eventText(event: Event): string {
  const id = event.n === undefined ? String(event.step) : `${event.step}.${event.n}`;
  return message({ id, event: event.mode, data: event });
}

/** JSON has no line breaks of its own. */
function message({ id, event, data }: { id: string; event: string; data: object }): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
