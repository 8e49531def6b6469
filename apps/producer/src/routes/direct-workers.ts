import { Worker } from '@weft/contract';
import type { DesiredState } from '@weft/engine/ports';
import { toWorker } from '@weft/engine/runtime';
import { z } from 'zod';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { problems } from '../schemas/answers.ts';
import { IdempotencyHeaders, NoBody } from '../schemas/requests.ts';

const WorkerParams = z.object({ id: z.string().max(500) });

type Action = { name: string; desired: DesiredState; summary: string; description: string };

const ACTIONS: readonly Action[] = [
  {
    name: 'drain',
    desired: 'draining',
    summary: 'Let a worker finish what it runs and leave',
    description:
      'It claims nothing more from its next beat on (two seconds), and its process ends with status 0 once it runs nothing. Its supervisor starts no other one in its place.',
  },
  {
    name: 'cordon',
    desired: 'cordoned',
    summary: 'Let a worker claim nothing more',
    description: 'From its next beat on. What it runs goes on, and it stays.',
  },
  {
    name: 'uncordon',
    desired: 'active',
    summary: 'Let a worker claim again',
    description: 'Also takes back a drain, while the worker has not left yet.',
  },
];

/** What operators tell a worker. Each may be said twice: the second time changes nothing. */
export function directWorkerRoutes(api: Api, { engine }: AppOptions): void {
  for (const { name, desired, summary, description } of ACTIONS) {
    api.route({
      method: 'POST',
      url: `/v1/workers/:id/${name}`,
      config: { needs: 'operator' },
      schema: {
        summary,
        description,
        tags: ['workers'],
        params: WorkerParams,
        headers: IdempotencyHeaders,
        body: NoBody,
        response: { 200: Worker, ...problems },
      },
      handler: async ({ params: { id } }) => toWorker(await engine.directWorker({ id, desired })),
    });
  }
}
