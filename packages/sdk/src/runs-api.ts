import type {
  BatchedStartRun,
  DeletedRun,
  Event,
  Json,
  Run,
  RunOverview,
  RunPage,
  RunStatus,
  StartedRunBatch,
  StartRun,
  StepPage,
  TaskPage,
  TaskStatus,
} from '@weft/contract';
import { branchesApi, type BranchesApi } from './branches-api.ts';
import { checkpointsApi, type CheckpointsApi } from './checkpoints-api.ts';
import { drawing, type GraphFormat } from './drawing.ts';
import { runEvents, runStream, type EventOptions, type RunStreamItem } from './run-events.ts';
import { runMigrationsApi, type RunMigrationsApi } from './migrations-api.ts';
import { steerApi, type KeyedOptions, type SteerApi } from './steer-api.ts';
import { keyHeader } from './tasks-api.ts';
import type { CallOptions, Transport } from './transport.ts';

export type StartOptions = KeyedOptions & {
  /** How long the answer may wait for the run's end, in milliseconds, at most 60,000. */
  waitMs?: number | undefined;
};

type PageOptions = CallOptions & { limit?: number | undefined; cursor?: string | undefined };

type ListTasksOptions = PageOptions & { status?: TaskStatus | undefined };

export type ListRunsOptions = PageOptions & {
  status?: RunStatus | undefined;
  workflow?: string | undefined;
  tag?: string | undefined;
  /** ISO 8601. */
  createdAfter?: string | undefined;
};

/** Runs: starting, reading, steering, following and looking back at them. */
export type RunsApi = SteerApi &
  RunMigrationsApi &
  CheckpointsApi &
  BranchesApi & {
    /** The run is durable once this returns; with `waitMs` it is the finished run if it ends in time. */
    start(request: StartRun, options?: StartOptions): Promise<Run>;
    /**
     * Starts up to 1,000 runs in one call: for each, in order, its id and status or the problem that it met alone. A key of
     * the whole call gives run N without one of its own the key `KEY/N`.
     */
    startMany(
      runs: readonly BatchedStartRun[],
      options?: Omit<StartOptions, 'waitMs'>,
    ): Promise<StartedRunBatch['items']>;
    /** `include: 'bytes'` tells as well what it takes in the database. */
    get(id: string, options?: CallOptions & { include?: 'bytes' | undefined }): Promise<Run>;
    /** Newest first. */
    list(options?: ListRunsOptions): Promise<RunPage>;
    /** The run with its graph and its first 1,000 tasks, in one call. */
    overview(id: string, options?: CallOptions): Promise<RunOverview>;
    tasks(id: string, options?: ListTasksOptions): Promise<TaskPage>;
    steps(id: string, options?: PageOptions): Promise<StepPage>;
    /** The graph of the run with the status of each node, as text (`mermaid`, `dot`) or as data (`json`). */
    graph(id: string, options: CallOptions & { format: 'json' }): Promise<Json>;
    graph(id: string, options?: CallOptions & { format?: 'mermaid' | 'dot' }): Promise<string>;
    cancel(id: string, options?: KeyedOptions): Promise<Run>;
    retry(id: string, options?: KeyedOptions): Promise<Run>;
    /** Deletes a run that has ended, and its children. Throws `ApiError` `conflict` if one of them has not. */
    delete(id: string, options?: CallOptions): Promise<DeletedRun>;
    /** What happens in the run, until its end. Reconnects by itself and yields every step once. */
    events(id: string, options?: EventOptions): AsyncGenerator<Event, void, undefined>;
    /** The same with the places of events, gaps between live events, and the end; `texts` puts tokens together. */
    stream(id: string, options?: EventOptions): AsyncGenerator<RunStreamItem, void, undefined>;
    /** The run once it has ended. Throws the signal's reason if that comes first. */
    ended(id: string, options?: EventOptions): Promise<Run>;
  };

export function runsApi(transport: Transport): RunsApi {
  const get: RunsApi['get'] = (id, { signal, ...query } = {}) => transport.json({ signal, path: pathOf(id), query });
  const post = (id: string, action: string, { signal, idempotencyKey }: KeyedOptions = {}): Promise<Run> => {
    const headers = keyHeader(idempotencyKey);
    return transport.json({ signal, method: 'POST', path: `${pathOf(id)}/${action}`, headers, json: {} });
  };
  const page = <T>(path: string, { signal, ...query }: ListRunsOptions | ListTasksOptions = {}): Promise<T> =>
    transport.json({ signal, path, query });
  const events: RunsApi['events'] = (id, options) => runEvents(transport, id, options);
  return {
    get,
    events,
    stream: (id, options) => runStream(transport, id, options),
    ...steerApi(transport, pathOf),
    ...runMigrationsApi(transport, pathOf),
    ...checkpointsApi(transport, pathOf),
    ...branchesApi(transport, pathOf),
    start: (request, options = {}) => transport.json({ ...startCall(options), json: request }),
    startMany: async (runs, options = {}) => {
      const call = { ...startCall(options), path: '/v1/runs/batch' };
      return (await transport.json<StartedRunBatch>({ ...call, json: { runs } })).items;
    },
    list: (options) => page('/v1/runs', options),
    overview: (id, options) => transport.json({ ...options, path: `${pathOf(id)}/overview` }),
    tasks: (id, options) => page(`${pathOf(id)}/tasks`, options),
    steps: (id, options) => page(`${pathOf(id)}/steps`, options),
    graph: ((id: string, options?: CallOptions & { format?: GraphFormat }) =>
      drawing(transport, pathOf(id), options)) as RunsApi['graph'],
    cancel: (id, options) => post(id, 'cancel', options),
    retry: (id, options) => post(id, 'retry', options),
    delete: (id, options) => transport.json({ ...options, method: 'DELETE', path: pathOf(id) }),
    ended: async (id, options) => {
      const stream = events(id, { modes: ['tasks'], ...options });
      for (let next = await stream.next(); next.done !== true; next = await stream.next());
      return get(id, { signal: options?.signal });
    },
  };
}

function startCall({ signal, waitMs, idempotencyKey }: StartOptions) {
  return {
    signal,
    method: 'POST' as const,
    path: '/v1/runs',
    query: { wait: waitMs === undefined ? undefined : `${waitMs}ms` },
    headers: keyHeader(idempotencyKey),
  };
}

function pathOf(id: string): string {
  return `/v1/runs/${encodeURIComponent(id)}`;
}
