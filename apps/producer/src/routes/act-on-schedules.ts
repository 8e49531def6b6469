import { Backfilled, BackfillSchedule, RunSchedule, Schedule, ScheduleFire, ScheduleNote } from '@weft/contract';
import { toFire, viewSchedule } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { idempotencyKeyOf } from '../http/idempotency.ts';
import { problems } from '../schemas/answers.ts';
import { IdempotencyHeaders } from '../schemas/requests.ts';

/** Any text is taken here: what cannot be a name names nothing. */
export const ScheduleParams = z.object({ name: z.string() });
export const SCHEDULE_TAGS = ['schedules'];

/** Stopping schedules, and running them out of turn. */
export function actOnScheduleRoutes(api: Api, options: AppOptions): void {
  pauseRoutes(api, options);
  runRoute(api, options);
  backfillRoute(api, options);
}

function pauseRoutes(api: Api, { engine, queries }: AppOptions): void {
  for (const verb of ['pause', 'resume'] as const) {
    api.route({
      method: 'POST',
      url: `/v1/schedules/:name/${verb}`,
      schema: {
        summary: verb === 'pause' ? 'Pause a schedule' : 'Resume a schedule',
        description:
          verb === 'pause'
            ? 'Runs go on; firings by the clock that wait are skipped. It can still be run by hand.'
            : 'It goes on with the next instant; those that passed meanwhile can be backfilled.',
        tags: SCHEDULE_TAGS,
        params: ScheduleParams,
        body: ScheduleNote,
        response: { 200: Schedule, ...problems },
      },
      handler: async ({ tenant, params: { name }, body }) => {
        const note = body?.note ?? null;
        await (verb === 'pause' ? engine.pauseSchedule(tenant, name, note) : engine.resumeSchedule(tenant, name, note));
        return viewSchedule(queries, tenant, name);
      },
    });
  }
}

function runRoute(api: Api, { engine }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/schedules/:name/run',
    config: { bringsWork: true },
    schema: {
      summary: 'Run a schedule now',
      description: 'Also while it is paused or over. The answer is the firing, which may still wait to be started.',
      tags: SCHEDULE_TAGS,
      params: ScheduleParams,
      headers: IdempotencyHeaders,
      body: RunSchedule,
      response: { 202: ScheduleFire, ...problems },
    },
    handler: async (request, reply) => {
      const { tenant, params: of, body } = request;
      const wanted = { overlap: body?.overlap ?? 'allowAll', requestKey: idempotencyKeyOf(request) };
      return reply.code(202).send(toFire(await engine.runSchedule(tenant, of.name, wanted)));
    },
  });
}

function backfillRoute(api: Api, { engine }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/schedules/:name/backfill',
    config: { bringsWork: true },
    schema: {
      summary: 'Make up for instants that have passed',
      description:
        'Those that were missed, skipped or failed, and those from before the schedule was there. The same range again adds nothing.',
      tags: SCHEDULE_TAGS,
      params: ScheduleParams,
      body: BackfillSchedule,
      response: { 202: Backfilled, ...problems },
    },
    handler: async ({ tenant, params: { name }, body }, reply) =>
      reply.code(202).send(await engine.backfillSchedule(tenant, name, body)),
  });
}
