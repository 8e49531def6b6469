import type {
  Backfilled,
  BackfillSchedule,
  FireOutcome,
  NewSchedule,
  NextInstants,
  OverlapPolicy,
  PreviewSchedule,
  ReplaceSchedule,
  Schedule,
  ScheduleFire,
  ScheduleFirePage,
  SchedulePage,
  ScheduleState,
} from '@weft/contract';
import { keyHeader } from './tasks-api.ts';
import type { CallOptions, Transport } from './transport.ts';

type Paging = CallOptions & { limit?: number | undefined; cursor?: string | undefined };

/** Runs by the clock. Removing one takes a key of the role admin, or the token of the server. */
export type SchedulesApi = {
  /** By name; with the next instant and the last firing of each. */
  list(options?: Paging & { state?: ScheduleState | undefined; workflow?: string | undefined }): Promise<SchedulePage>;
  /** Throws `ApiError` `not_found`, as all that follow. */
  get(name: string, options?: CallOptions): Promise<Schedule>;
  /** Throws `ApiError` `conflict` where the name is taken, `limit_schedules` where there are too many. */
  create(schedule: NewSchedule, options?: CallOptions): Promise<Schedule>;
  /** What is left out is not set any more. */
  replace(name: string, schedule: ReplaceSchedule, options?: CallOptions): Promise<Schedule>;
  /** Gives what it was. */
  remove(name: string, options?: CallOptions): Promise<Schedule>;
  pause(name: string, note?: string, options?: CallOptions): Promise<Schedule>;
  /** It goes on with the next instant. */
  resume(name: string, note?: string, options?: CallOptions): Promise<Schedule>;
  /** Runs it now. With the same key again nothing more is run. */
  run(
    name: string,
    options?: CallOptions & { overlap?: OverlapPolicy | undefined; idempotencyKey?: string | undefined },
  ): Promise<ScheduleFire>;
  /** Makes up for instants that have passed. */
  backfill(name: string, range: BackfillSchedule, options?: CallOptions): Promise<Backfilled>;
  /** What became of its instants, the last first. */
  fires(name: string, options?: Paging & { outcome?: FireOutcome | undefined }): Promise<ScheduleFirePage>;
  next(name: string, options?: CallOptions & { count?: number; after?: string }): Promise<NextInstants>;
  /** The next instants of a spec that need not be saved. */
  preview(request: PreviewSchedule, options?: CallOptions): Promise<NextInstants>;
};

const PATH = '/v1/schedules';

export function schedulesApi(transport: Transport): SchedulesApi {
  const pathOf = (name: string, verb = '') => `${PATH}/${encodeURIComponent(name)}${verb}`;
  const noted = (verb: string) => (name: string, note?: string, options?: CallOptions) =>
    transport.json<Schedule>({
      ...options,
      method: 'POST',
      path: pathOf(name, verb),
      json: note === undefined ? {} : { note },
    });
  return {
    list: ({ signal, ...query } = {}) => transport.json({ signal, path: PATH, query }),
    get: (name, options) => transport.json({ ...options, path: pathOf(name) }),
    create: (json, options) => transport.json({ ...options, method: 'POST', path: PATH, json }),
    replace: (name, json, options) => transport.json({ ...options, method: 'PUT', path: pathOf(name), json }),
    remove: (name, options) => transport.json({ ...options, method: 'DELETE', path: pathOf(name) }),
    pause: noted('/pause'),
    resume: noted('/resume'),
    run: (name, { overlap, idempotencyKey, ...options } = {}) =>
      transport.json({
        ...options,
        method: 'POST',
        path: pathOf(name, '/run'),
        json: overlap === undefined ? {} : { overlap },
        headers: keyHeader(idempotencyKey),
      }),
    backfill: (name, json, options) =>
      transport.json({ ...options, method: 'POST', path: pathOf(name, '/backfill'), json }),
    fires: (name, { signal, ...query } = {}) => transport.json({ signal, path: pathOf(name, '/fires'), query }),
    next: (name, { signal, ...query } = {}) => transport.json({ signal, path: pathOf(name, '/next'), query }),
    preview: (json, options) => transport.json({ ...options, method: 'POST', path: `${PATH}/preview`, json }),
  };
}
