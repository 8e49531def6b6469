/** The text format of server-sent events. */
import type { Event } from '@weft/contract';
import type { StreamItem } from '@weft/engine/runtime';

/** Tells browsers when to come back, and proxies that something flows. */
export const PREAMBLE = 'retry: 2000\n\n';
export const COMMENT = ': still here\n\n';

const GAP = ': events between steps were left out\n\n';

/**
 * The events of one step. Only the last has its id, for a client goes on after the last id it has got: one that was cut off
 * in the middle of a step then gets the whole step again, and one that has all of it gets nothing twice.
 */
export function itemText(item: StreamItem): string {
  if (item.kind === 'events')
    return item.events.map((event, index) => eventText(event, item.events[index + 1])).join('');
  if (item.kind === 'gap') return GAP;
  const { runId, step, status } = item;
  return message({ id: String(step), event: 'end', data: { runId, step, status } });
}

function eventText(event: Event, next: Event | undefined): string {
  const id = event.n === undefined ? String(event.step) : `${event.step}.${event.n}`;
  return message({ id: next === undefined ? id : null, event: event.mode, data: event });
}

/** JSON has no line breaks of its own. */
function message({ id, event, data }: { id: string | null; event: string; data: object }): string {
  const place = id === null ? '' : `id: ${id}\n`;
  return `${place}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
