import { Scaling, SetScaling } from '@weft/contract';
import { viewScaling } from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { problems } from '../schemas/answers.ts';

/** Whether the mesh needs more workers or fewer. Workers serve all tenants, so it is the operator's to know. */
export function meshScalingRoutes(api: Api, { engine, queries }: AppOptions): void {
  const config = { needs: 'operator' } as const;
  const schema = { tags: ['mesh'], response: { 200: Scaling, ...problems } };
  api.route({
    method: 'GET',
    url: '/v1/mesh/scaling',
    config,
    schema: {
      ...schema,
      summary: 'Whether the mesh needs more workers or fewer',
      description:
        'What was decided last, at most ten seconds ago; with its figures, and what was decided or done before.',
    },
    handler: async () => viewScaling(queries),
  });
  api.route({
    method: 'PUT',
    url: '/v1/mesh/scaling',
    config,
    schema: {
      ...schema,
      summary: 'Set how long a task should take from ready to ended',
      description: 'It counts from the next decision on.',
      body: SetScaling,
    },
    handler: async ({ body }) => {
      await engine.setScaling(body);
      return viewScaling(queries);
    },
  });
}
