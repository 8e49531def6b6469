import { Label, LaneList } from '@weft/contract';
import { listLanes } from '@weft/engine/runtime';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { problems } from '../schemas/answers.ts';

const LaneParams = z.object({ name: Label });

/** Lanes: what waits for them and who serves them; pausing them. */
export function laneRoutes(api: Api, { engine, queries, clock }: AppOptions): void {
  const lanes = async ({ caller: { scope } }: Pick<FastifyRequest, 'caller'>) => {
    return { items: await listLanes(queries, { now: clock.now(), scope }) };
  };
  api.route({
    method: 'GET',
    url: '/v1/lanes',
    schema: {
      summary: 'Lanes, what waits for them and who serves them',
      description: 'For a key only what concerns the tasks of its tenant.',
      tags: ['lanes'],
      response: { 200: LaneList, ...problems },
    },
    handler: lanes,
  });
  api.route({
    method: 'POST',
    url: '/v1/lanes/:name/pause',
    config: { needs: 'operator' },
    schema: {
      summary: 'Pause a lane',
      description:
        'Within a few seconds nobody claims from it any more; what runs goes on. It stays so until it is resumed.',
      tags: ['lanes'],
      params: LaneParams,
      response: { 200: LaneList, ...problems },
    },
    handler: async (request) => {
      await engine.pauseLane(request.params.name);
      return lanes(request);
    },
  });
  api.route({
    method: 'POST',
    url: '/v1/lanes/:name/resume',
    config: { needs: 'operator' },
    schema: {
      summary: 'Resume a paused lane',
      tags: ['lanes'],
      params: LaneParams,
      response: { 200: LaneList, ...problems },
    },
    handler: async (request) => {
      await engine.resumeLane(request.params.name);
      return lanes(request);
    },
  });
}
