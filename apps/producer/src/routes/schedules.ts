import {
  ListFiresQuery,
  ListSchedulesQuery,
  NewSchedule,
  NextInstants,
  NextInstantsQuery,
  PreviewSchedule,
  ReplaceSchedule,
  Schedule,
  ScheduleFirePage,
  SchedulePage,
} from '@weft/contract';
import { listFires, listSchedules, nextOfSchedule, previewSchedule, viewSchedule } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { problems } from '../schemas/answers.ts';
import { actOnScheduleRoutes, SCHEDULE_TAGS, ScheduleParams } from './act-on-schedules.ts';

const NameCursor = z.object({ name: z.string() });
const InstantCursor = z.object({ before: z.number() });
const DEFAULT_NEXT = 10;

/** Runs by the clock: everybody of a tenant sets and steers its schedules, its admins remove them. */
export function scheduleRoutes(api: Api, options: AppOptions): void {
  readRoutes(api, options);
  fireRoutes(api, options);
  previewRoute(api, options);
  writeRoutes(api, options);
  removeRoute(api, options);
  actOnScheduleRoutes(api, options);
}

function readRoutes(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/schedules',
    schema: {
      summary: 'Schedules, by name',
      description: 'With their next instant and their last firing.',
      tags: SCHEDULE_TAGS,
      querystring: ListSchedulesQuery,
      response: { 200: SchedulePage, ...problems },
    },
    handler: async ({ tenant, query: { limit, cursor, state = null, workflow = null } }) => {
      const after = decodeCursor(cursor, NameCursor)?.name ?? null;
      const { items, hasMore } = await listSchedules(queries, tenant, { limit, after, state, workflow });
      const last = hasMore ? items.at(-1) : undefined;
      return { items, nextCursor: last ? encodeCursor({ name: last.name }) : null };
    },
  });
  api.route({
    method: 'GET',
    url: '/v1/schedules/:name',
    schema: {
      summary: 'One schedule',
      tags: SCHEDULE_TAGS,
      params: ScheduleParams,
      response: { 200: Schedule, ...problems },
    },
    handler: async ({ tenant, params: { name } }) => viewSchedule(queries, tenant, name),
  });
}

function fireRoutes(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/schedules/:name/fires',
    schema: {
      summary: 'What became of the instants of a schedule',
      description: 'The last first. Those that are over are kept for thirty days.',
      tags: SCHEDULE_TAGS,
      params: ScheduleParams,
      querystring: ListFiresQuery,
      response: { 200: ScheduleFirePage, ...problems },
    },
    handler: async ({ tenant, params: { name }, query: { limit, cursor, outcome = null } }) => {
      const before = decodeCursor(cursor, InstantCursor)?.before ?? null;
      const { items, hasMore } = await listFires(queries, { tenant, name }, { limit, before, outcome });
      const last = hasMore ? items.at(-1) : undefined;
      return { items, nextCursor: last ? encodeCursor({ before: Date.parse(last.scheduledFor) }) : null };
    },
  });
  api.route({
    method: 'GET',
    url: '/v1/schedules/:name/next',
    schema: {
      summary: 'The next instants of a schedule',
      description: 'Whether it is paused or not; without its jitter.',
      tags: SCHEDULE_TAGS,
      params: ScheduleParams,
      querystring: NextInstantsQuery,
      response: { 200: NextInstants, ...problems },
    },
    handler: async ({ tenant, params: { name }, query: { count, after = null } }) =>
      nextOfSchedule(queries, { tenant, name }, { count, after }),
  });
}

function previewRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/schedules/preview',
    schema: {
      summary: 'The next instants of a spec',
      description: 'Nothing is saved.',
      tags: SCHEDULE_TAGS,
      body: PreviewSchedule,
      response: { 200: NextInstants, ...problems },
    },
    handler: async ({ body: { spec, count = DEFAULT_NEXT, after = null } }) =>
      previewSchedule(queries, spec, { count, after }),
  });
}

/** Of a tenant, where nothing else is set. */
const MOST_SCHEDULES = 10_000;

function writeRoutes(api: Api, { engine, queries, maxSchedules = MOST_SCHEDULES }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/schedules',
    schema: {
      summary: 'Create a schedule',
      description: 'Its runs are charged to the budget of the key that it is created with.',
      tags: SCHEDULE_TAGS,
      body: NewSchedule,
      response: { 201: Schedule, ...problems },
    },
    handler: async ({ tenant, caller, body }, reply) => {
      await engine.createSchedule(tenant, body, { key: caller.key, most: maxSchedules });
      return reply
        .code(201)
        .header('location', `/v1/schedules/${body.name}`)
        .send(await viewSchedule(queries, tenant, body.name));
    },
  });
  api.route({
    method: 'PUT',
    url: '/v1/schedules/:name',
    schema: {
      summary: 'Put another schedule in the place of one',
      description: 'What is left out is not set any more. It stays paused if it is, and what waits goes on.',
      tags: SCHEDULE_TAGS,
      params: ScheduleParams,
      body: ReplaceSchedule,
      response: { 200: Schedule, ...problems },
    },
    handler: async ({ tenant, caller, params: { name }, body }) => {
      await engine.replaceSchedule(tenant, name, body, { key: caller.key });
      return viewSchedule(queries, tenant, name);
    },
  });
}

function removeRoute(api: Api, { engine, queries }: AppOptions): void {
  api.route({
    method: 'DELETE',
    url: '/v1/schedules/:name',
    config: { needs: 'admin' },
    schema: {
      summary: 'Remove a schedule, and what is known of its firings',
      description: 'Its runs go on. The answer shows it once more.',
      tags: SCHEDULE_TAGS,
      params: ScheduleParams,
      response: { 200: Schedule, ...problems },
    },
    handler: async ({ tenant, params: { name } }) => {
      const last = await viewSchedule(queries, tenant, name);
      await engine.removeSchedule(tenant, name);
      return last;
    },
  });
}
