import { AppError } from '@weft/contract';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { asId } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';

/** As the A2A protocol names it. */
const TOKEN_HEADER = 'x-a2a-notification-token';

/** Hints of agents that their tasks have moved on. */
export function pushRoutes(api: Api, { engine, pushHints = null }: AppOptions): void {
  api.route({
    method: 'POST',
    url: '/v1/push/:tenant/:task',
    config: { isOpen: true },
    schema: {
      summary: 'A hint of an agent that its task has moved on',
      description:
        'Agents of the protocol `a2a` are told this address with each task. The token that came with it is all that lets a hint in, and the task is asked about at once; what the hint says is not looked at.',
      tags: ['endpoints'],
      params: z.object({ tenant: z.string(), task: z.string() }),
      headers: z.object({ [TOKEN_HEADER]: z.string().max(200).optional() }),
      response: { 204: z.null(), ...problems },
    },
    handler: async ({ params, headers }, reply) => {
      const task = { tenant: params.tenant, taskId: asId('task', params.task) };
      if (!pushHints) throw new AppError('not_found', 'hints are not taken here: nobody has said how agents reach it');
      if (!pushHints.isFor(task, headers[TOKEN_HEADER] ?? ''))
        throw new AppError('forbidden', 'the token of the hint was not given out for this task');
      await engine.wakeTask(task);
      return reply.code(204).send(null);
    },
  });
}
