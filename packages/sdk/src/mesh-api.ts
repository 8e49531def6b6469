/** Steps with dependencies, carried out on the endpoints of the mesh. */
import type { MeshEvent, MeshEvents, MeshExecute } from '@weft/contract';
import { readStream, reconnecting, type ReconnectOptions } from './reconnecting.ts';
import type { SseMessage } from './sse-reader.ts';
import type { KeyedOptions } from './steer-api.ts';
import type { Call, Transport } from './transport.ts';

export type MeshOptions = ReconnectOptions & {
  /** `main` (the five events of an execution) or `all`. */
  events?: MeshEvents | undefined;
  /** Is told the run once it is durable, which may be long before its first event. */
  onStarted?: ((runId: string) => void) | undefined;
};

/** `id`: what to give as `after` to go on behind this event; null where others of its place follow. */
export type MeshItem = MeshEvent & { id: string | null };

export type MeshApi = {
  /**
   * Starts the steps and tells how they go, until `workflow-completed`. A connection that breaks is made again, and nothing is lost
   * or told twice; the steps go on in any case. Without a key of its own a call has one that lets it be sent again.
   *
   * Throws `ApiError`: `invalid_document` with all that is wrong with the steps, `estimate_over_budget`.
   */
  execute(request: MeshExecute, options?: MeshOptions & KeyedOptions): AsyncGenerator<MeshItem, void, undefined>;
  /** The same of an execution that was started before, by the id of its run; `after`: the id of the last event that is known. */
  follow(
    runId: string,
    options?: MeshOptions & { after?: string | undefined },
  ): AsyncGenerator<MeshItem, void, undefined>;
};

export function meshApi(transport: Transport): MeshApi {
  return {
    execute: (request, { idempotencyKey = crypto.randomUUID(), ...options } = {}) =>
      tell(transport, new Telling(null, '0'), {
        ...options,
        start: {
          method: 'POST',
          path: '/v1/mesh/execute',
          json: request,
          headers: { 'idempotency-key': idempotencyKey },
        },
      }),
    follow: (runId, { after = '0', ...options } = {}) => tell(transport, new Telling(runId, after), options),
  };
}

const RUN_HEADER = 'weft-run-id';

/** How far an execution has been told. */
class Telling {
  runId: string | null;
  after: string;
  /** What has come of a place whose last event is still to come; a new connection brings it again. */
  #held: MeshItem[] = [];
  readonly #started = new Set<string>();

  constructor(runId: string | null, after: string) {
    this.runId = runId;
    this.after = after;
  }

  connected(response: Response, onStarted: MeshOptions['onStarted']): void {
    const isFirst = this.runId === null;
    this.runId = response.headers.get(RUN_HEADER) ?? this.runId;
    this.#held = [];
    if (isFirst && this.runId !== null) onStarted?.(this.runId);
  }

  /** What is complete with this message. */
  take({ event, id, data }: SseMessage): MeshItem[] {
    const item = { event, id, data: JSON.parse(data) } as MeshItem;
    this.#held.push(item);
    if (id === null) return [];
    this.after = id;
    const complete = this.#held;
    this.#held = [];
    return complete.filter((one) => this.#isNews(one));
  }

  /** That a step has begun may come again on another connection. */
  #isNews(item: MeshItem): boolean {
    if (item.event === 'step-failed') this.#started.delete(item.data.stepId);
    if (item.event !== 'step-started') return true;
    const isNew = !this.#started.has(item.data.stepId);
    this.#started.add(item.data.stepId);
    return isNew;
  }
}

type Told = MeshOptions & { start?: Call };

async function* tell(transport: Transport, telling: Telling, options: Told): AsyncGenerator<MeshItem, void, undefined> {
  const { origin } = transport;
  for await (const items of reconnecting(() => connect(transport, telling, options), { ...options, origin })) {
    for (const item of items) {
      yield item;
      if (item.event === 'workflow-completed') return;
    }
  }
}

/** One connection: that it stands, and what it brings. */
async function* connect(
  transport: Transport,
  telling: Telling,
  { start, events, onStarted, signal }: Told,
): AsyncGenerator<MeshItem[]> {
  const ended = new AbortController();
  const call: Call =
    telling.runId === null && start
      ? start
      : {
          path: `/v1/mesh/executions/${encodeURIComponent(telling.runId ?? '')}/events`,
          headers: { 'last-event-id': telling.after },
        };
  try {
    const response = await transport.open({
      ...call,
      query: { events },
      headers: { ...call.headers, accept: 'text/event-stream' },
      signal: signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]),
    });
    telling.connected(response, onStarted);
    yield [];
    for await (const message of readStream(response)) yield telling.take(message);
  } finally {
    ended.abort();
  }
}
