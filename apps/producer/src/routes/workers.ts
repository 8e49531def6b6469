import { PageQuery, WorkerPage } from '@weft/contract';
import { listWorkers } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { problems } from '../schemas/answers.ts';

const WorkerCursor = z.object({ id: z.string() });

/** Who works. */
export function workerRoutes(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/workers',
    config: { needs: 'operator' },
    schema: {
      summary: 'Workers that live, and those that ended within the last hour',
      tags: ['workers'],
      querystring: PageQuery,
      response: { 200: WorkerPage, ...problems },
    },
    handler: async ({ query: { limit, cursor } }) => {
      const after = decodeCursor(cursor, WorkerCursor)?.id;
      const workers = await listWorkers(queries);
      const start = after === undefined ? 0 : workers.findIndex(({ id }) => id === after) + 1;
      const items = workers.slice(start, start + limit);
      const last = start + limit < workers.length ? items.at(-1) : undefined;
      return { items, nextCursor: last ? encodeCursor({ id: last.id }) : null };
    },
  });
}
