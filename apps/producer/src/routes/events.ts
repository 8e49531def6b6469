import { Event, EventsQuery } from '@weft/contract';
import { runEvents } from '@weft/engine/runtime';
import type { StreamMode } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { asId, found, IdParams, SUCH_RUN } from '../http/ids.ts';
import { invalidValue } from '../http/request-problems.ts';
import { problems } from '../schemas/answers.ts';
import { EventsHeaders } from '../schemas/requests.ts';
import { StreamHub } from '../stream/stream-hub.ts';
import { streamModes } from '../stream/stream-modes.ts';
import { TENANT } from '../tenant.ts';

const DEFAULT_MODES: StreamMode[] = ['tasks', 'updates'];

/** A run as server-sent events. */
export function eventRoutes(api: Api, options: AppOptions): void {
  const { queries, bus, clock, log } = options;
  const hub = new StreamHub(log);
  api.addHook('preClose', () => hub.close());
  api.route({
    method: 'GET',
    url: '/v1/runs/:id/events',
    schema: {
      summary: 'Follow a run',
      description:
        'Server-sent events: `id` is the step (on the last event of each, so that one who is cut off within a step gets all of it again), `event` the mode, `data` an Event. All steps after `Last-Event-ID` (or `after`), then what comes; `event: end` when the run has ended. Modes: tasks, updates, values, debug.',
      tags: ['runs'],
      params: IdParams,
      querystring: EventsQuery,
      headers: EventsHeaders,
      response: {
        200: { description: 'A stream of events', content: { 'text/event-stream': { schema: Event } } },
        ...problems,
      },
    },
    handler: async ({ params, query, headers, id: requestId }, reply) => {
      const runId = asId('run', params.id);
      const modes = streamModes(query.modes ?? DEFAULT_MODES, '/query/modes');
      const [after, pointer] = query.after === undefined ? [headers['last-event-id'], LAST_ID] : [query.after, AFTER];
      const afterStep = Number.parseInt(after ?? '0', 10);
      const { head } = found(await queries.reader.run(TENANT, runId), SUCH_RUN);
      if (afterStep > head.step) throw invalidValue(pointer, `the run is at step ${head.step}`);
      hub.refuseTooMany();
      reply.hijack();
      await hub.send(reply.raw, { requestId }, (signal) =>
        runEvents({ ...queries, bus, clock }, { tenant: TENANT, runId, afterStep, modes, signal }),
      );
    },
  });
}

const AFTER = '/query/after';
const LAST_ID = '/headers/last-event-id';
