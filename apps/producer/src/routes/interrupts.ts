import { InterruptPage, PageQuery } from '@weft/contract';
import { listInterrupts } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { decodeCursor, encodeCursor } from '../http/cursor.ts';
import { problems } from '../schemas/answers.ts';

const InterruptCursor = z.object({ id: z.uuid() });

/** The questions that wait for answers, of whatever run. */
export function interruptRoutes(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/interrupts',
    schema: {
      summary: 'Open questions of all runs, newest last',
      tags: ['runs'],
      querystring: PageQuery,
      response: { 200: InterruptPage, ...problems },
    },
    handler: async ({ tenant, query: { limit, cursor } }) => {
      const afterId = decodeCursor(cursor, InterruptCursor)?.id ?? null;
      const { items, nextCursor } = await listInterrupts(queries, { tenant, limit, afterId });
      return { items, nextCursor: nextCursor === null ? null : encodeCursor({ id: nextCursor }) };
    },
  });
}
