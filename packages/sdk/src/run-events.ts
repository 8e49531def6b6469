/** Following a run over server-sent events, across broken connections. */
import type { Event, EventGap, EventMode, RunStatus } from '@weft/contract';
import { ApiError } from './api-error.ts';
import { ConnectionError } from './connection-error.ts';
import { jittered, pause } from './pause.ts';
import { readMessages, type SseMessage } from './sse-reader.ts';
import { StepCursor } from './step-cursor.ts';
import type { CallOptions, Transport } from './transport.ts';

export type EventOptions = CallOptions & {
  /** Which events to bring; the server's choice where absent. */
  modes?: readonly EventMode[] | undefined;
  /** The last step, or the id of the last event, that is known; 0 (the default) brings all. */
  after?: number | string | undefined;
  /** How long to try again without any answer before giving up, in milliseconds (60,000). */
  giveUpAfterMs?: number | undefined;
  /** Told whenever the connection is lost and another try follows. */
  onReconnect?: ((error: unknown) => void) | undefined;
};

/** What a stream brings. `id`: what to give as `after` to go on behind this event; null within a place. */
export type RunStreamItem =
  | { kind: 'event'; id: string | null; event: Event }
  /** Live events behind `after` are missing; steps never are. */
  | { kind: 'gap'; after: string }
  | { kind: 'end'; step: number; status: RunStatus };

const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5_000;
const GIVE_UP_AFTER_MS = 60_000;

/** The run until its end. Throws `ApiError`, `ConnectionError` after `giveUpAfterMs`, or the abort's reason. */
export async function* runStream(
  transport: Transport,
  runId: string,
  options: EventOptions = {},
): AsyncGenerator<RunStreamItem, void, undefined> {
  const cursor = new StepCursor(String(options.after ?? 0));
  const giveUpAfterMs = options.giveUpAfterMs ?? GIVE_UP_AFTER_MS;
  let lostAt: number | null = null;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    try {
      for await (const item of connect(transport, runId, { ...options, after: cursor.resumeAfter })) {
        lostAt = null;
        pauseMs = FIRST_PAUSE_MS;
        if (item === 'opened') cursor.reconnected();
        else if (item.kind !== 'event' || cursor.take(item.event, item.id !== null)) yield item;
        if (item !== 'opened' && item.kind === 'end') return;
      }
      throw new ConnectionError(transport.origin, new Error('the stream of events was cut'));
    } catch (error) {
      options.signal?.throwIfAborted();
      lostAt ??= performance.now();
      if (!mayPass(error) || performance.now() - lostAt >= giveUpAfterMs) throw error;
      options.onReconnect?.(error);
      await pause(Math.max(jittered(pauseMs), retryAfterOf(error)), options.signal);
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    }
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

async function* readStream(response: Response): AsyncGenerator<SseMessage, void, undefined> {
  if (response.body === null) return;
  try {
    yield* readMessages(response.body);
  } catch (error) {
    throw new ConnectionError(new URL(response.url).origin, error);
  }
}

/** A broken connection and an overloaded or starting server pass; a refusal does not. */
function mayPass(error: unknown): boolean {
  if (error instanceof ApiError) return error.status === 429 || error.status >= 500;
  return error instanceof ConnectionError;
}

function retryAfterOf(error: unknown): number {
  return error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
}
