import { Event, EventsQuery } from '@weft/contract';
import type { EventMode } from '@weft/contract';
import { parsePlace } from '@weft/engine/domain';
import type { RunStreams, StreamItem } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { asId, found, IdParams, SUCH_RUN } from '../http/ids.ts';
import { invalidValue } from '../http/request-problems.ts';
import { problems } from '../schemas/answers.ts';
import { EventsHeaders } from '../schemas/requests.ts';
import { itemText } from '../stream/event-text.ts';
import type { StreamHub } from '../stream/stream-hub.ts';

const DEFAULT_MODES: EventMode[] = ['tasks', 'updates'];

/** A run as server-sent events. */
export function eventRoutes(
  api: Api,
  { queries }: AppOptions,
  { streams, hub }: { streams: RunStreams; hub: StreamHub },
): void {
  api.route({
    method: 'GET',
    url: '/v1/runs/:id/events',
    schema: {
      summary: 'Follow a run',
      description:
        'Server-sent events: `id` is the step, or `<step>.<n>` for what stands between steps (on the last event of each, so that one who is cut off within a step gets all of it again), `event` the mode, `data` an Event. All steps after `Last-Event-ID` (or `after`), with the live events between them that are still held, then what comes. `event: gap` says that live events are missing behind its `after`; steps never are. `event: end` when the run has ended; while it is interrupted the stream stays open. Modes: values (the state after each step), updates (what it wrote), tasks (tasks that became ready, began, told their progress and ended), checkpoints (a summary of each step), debug (checkpoints and tasks, with all that the step says), custom (what executors and handlers emit), messages (texts as they are written). Where an attempt came to nothing, the event of that step has `voids`: what it told counts for nothing.',
      tags: ['runs'],
      params: IdParams,
      querystring: EventsQuery,
      headers: EventsHeaders,
      response: {
        200: { description: 'A stream of events', content: { 'text/event-stream': { schema: Event } } },
        ...problems,
      },
    },
    handler: async ({ tenant, caller, params, query, headers, id: requestId }, reply) => {
      const runId = asId('run', params.id);
      const modes = new Set(query.modes ?? DEFAULT_MODES);
      const [id, pointer] = query.after === undefined ? [headers['last-event-id'], LAST_ID] : [query.after, AFTER];
      const after = parsePlace(id ?? '0');
      const { head } = found(await queries.reader.run(tenant, runId), SUCH_RUN);
      if (after.step > head.step) throw invalidValue(pointer, `the run is at step ${head.step}`);
      hub.refuseTooMany();
      reply.hijack();
      await hub.send(reply.raw, { requestId, caller }, (signal) =>
        texts(streams({ tenant, runId, after, modes, signal })),
      );
    },
  });
}

async function* texts(items: AsyncIterable<StreamItem>): AsyncGenerator<string> {
  for await (const item of items) yield itemText(item);
}

const AFTER = '/query/after';
const LAST_ID = '/headers/last-event-id';
