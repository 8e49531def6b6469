/** Following a run over server-sent events, across broken connections. */
import type { Event, EventGap, EventMode, RunStatus } from '@weft/contract';
import { readStream, reconnecting, type ReconnectOptions } from './reconnecting.ts';
import type { SseMessage } from './sse-reader.ts';
import { StepCursor } from './step-cursor.ts';
import type { Transport } from './transport.ts';

export type EventOptions = ReconnectOptions & {
  /** Which events to bring; the server's choice where absent. */
  modes?: readonly EventMode[] | undefined;
  /** The last step, or the id of the last event, that is known; 0 (the default) brings all. */
  after?: number | string | undefined;
};

/** What a stream brings. `id`: what to give as `after` to go on behind this event; null within a place. */
export type RunStreamItem =
  | { kind: 'event'; id: string | null; event: Event }
  /** Live events behind `after` are missing; steps never are. */
  | { kind: 'gap'; after: string }
  | { kind: 'end'; step: number; status: RunStatus };

/** The run until its end. Throws `ApiError`, `ConnectionError` after `giveUpAfterMs`, or the abort's reason. */
export async function* runStream(
  transport: Transport,
  runId: string,
  options: EventOptions = {},
): AsyncGenerator<RunStreamItem, void, undefined> {
  const { origin } = transport;
  const cursor = new StepCursor(String(options.after ?? 0));
  const open = () => connect(transport, runId, { ...options, after: cursor.resumeAfter });
  for await (const item of reconnecting(open, { ...options, origin })) {
    if (item === 'opened') cursor.reconnected();
    else if (item.kind !== 'event' || cursor.take(item.event, item.id !== null)) yield item;
    if (item !== 'opened' && item.kind === 'end') return;
  }
}

/** The events alone. */
export async function* runEvents(
  transport: Transport,
  runId: string,
  options: EventOptions = {},
): AsyncGenerator<Event, void, undefined> {
  for await (const item of runStream(transport, runId, options)) if (item.kind === 'event') yield item.event;
}

/** One connection: that it stands, what it brings, and the end if it comes. */
async function* connect(
  transport: Transport,
  runId: string,
  { after, modes, signal }: EventOptions,
): AsyncGenerator<RunStreamItem | 'opened', void, undefined> {
  const ended = new AbortController();
  try {
    const response = await transport.open({
      path: `/v1/runs/${encodeURIComponent(runId)}/events`,
      query: { modes: modes?.join(',') },
      headers: { accept: 'text/event-stream', 'last-event-id': String(after ?? 0) },
      signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]),
    });
    yield 'opened';
    for await (const message of readStream(response)) yield toItem(message);
  } finally {
    ended.abort();
  }
}

function toItem({ event, id, data }: SseMessage): RunStreamItem {
  if (event === 'gap') return { kind: 'gap', after: (JSON.parse(data) as EventGap).after };
  if (event !== 'end') return { kind: 'event', id, event: JSON.parse(data) as Event };
  const { step, status } = JSON.parse(data) as { step: number; status: RunStatus };
  return { kind: 'end', step, status };
}
