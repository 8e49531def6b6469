import { CompareQuery, RunComparison } from '@weft/contract';
import { compareRuns } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { asId, IdParams } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';

/** Two runs beside each other. */
export function compareRoutes(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/runs/:id/compare',
    schema: {
      summary: 'Two runs beside each other',
      description:
        'Typically a fork and its original: how they are related, which nodes are defined otherwise, and for each node what became of it in both, what it took and cost, and whether its outputs are equal.',
      tags: ['runs'],
      params: IdParams,
      querystring: CompareQuery,
      response: { 200: RunComparison, ...problems },
    },
    handler: ({ tenant, params, query: { other } }) =>
      compareRuns(queries, { tenant, fromId: asId('run', params.id), toId: asId('run', other) }),
  });
}
