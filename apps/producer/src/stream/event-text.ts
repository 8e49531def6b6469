/** The text format of server-sent events. */
import type { Event } from '@weft/contract';
import { placeText } from '@weft/engine/domain';
import type { StreamItem } from '@weft/engine/runtime';

/** Tells browsers when to come back, and proxies that something flows. */
export const PREAMBLE = 'retry: 2000\n\n';
export const COMMENT = ': still here\n\n';

/** Longer texts are made anew for each client. */
const KEPT_CHARS = 16 * 1024;
/** Those who watch the same run are told the same events. */
const texts = new WeakMap<Event, string>();

/**
 * The events of one step. Only the last has its id, for a client goes on after the last id it has got: one that was cut off
 * in the middle of a step then gets the whole step again, and one that has all of it gets nothing twice.
 */
export function itemText(item: StreamItem): string {
  if (item.kind === 'events')
    return item.events.map((event, index) => eventText(event, item.events[index + 1])).join('');
  const { runId } = item;
  // Without an id: who is cut off before what follows is to be told of it again.
  if (item.kind === 'gap')
    return messageText({ id: null, event: 'gap', data: JSON.stringify({ runId, after: placeText(item.after) }) });
  const { step, status } = item;
  return messageText({ id: String(step), event: 'end', data: JSON.stringify({ runId, step, status }) });
}

function eventText(event: Event, next: Event | undefined): string {
  const id = next === undefined ? placeText({ step: event.step, n: event.n ?? 0 }) : null;
  return messageText({ id, event: event.mode, data: jsonOf(event) });
}

/** The event as JSON text. */
export function jsonOf(event: Event): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const text = JSON.stringify(event);
  if (text.length <= KEPT_CHARS) texts.set(event, text);
  return text;
}

/** JSON has no line breaks of its own. */
export function messageText({ id, event, data }: { id: string | null; event: string; data: string }): string {
  const place = id === null ? '' : `id: ${id}\n`;
  return `${place}event: ${event}\ndata: ${data}\n\n`;
}
