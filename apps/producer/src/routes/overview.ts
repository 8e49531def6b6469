import { Overview, RunOverview } from '@weft/contract';
import type { DeadLetter, FailureGroup } from '@weft/contract';
import {
  drawRun,
  listDeadLetters,
  listInterrupts,
  listTasks,
  toInstant,
  viewCosts,
  viewMeshMetrics,
  viewRun,
} from '@weft/engine/runtime';

import type { Api } from '../api.ts';
import type { AppOptions } from '../app-options.ts';
import { asId, found, IdParams, SUCH_RUN } from '../http/ids.ts';
import { problems } from '../schemas/answers.ts';

const TASKS_SHOWN = 1000;
/** So many dead letters and questions are counted. */
const COUNTED = 200;

/** What a screen shows at once. */
export function overviewRoutes(api: Api, options: AppOptions): void {
  runRoute(api, options);
  allRoute(api, options);
}

function runRoute(api: Api, { queries }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/runs/:id/overview',
    schema: {
      summary: 'A run with its graph and its tasks',
      tags: ['runs'],
      params: IdParams,
      response: { 200: RunOverview, ...problems },
    },
    handler: async ({ tenant, params }): Promise<RunOverview> => {
      const run = { tenant, id: asId('run', params.id) };
      const [shown, graph, tasks] = await Promise.all([
        viewRun(queries, tenant, run.id),
        drawRun(queries, run),
        listTasks(queries, run, { limit: TASKS_SHOWN, after: null }),
      ]);
      const { items, next } = found(tasks, SUCH_RUN);
      const drawing = found(graph, SUCH_RUN);
      return { run: found(shown, SUCH_RUN), graph: drawing, tasks: items, more: next !== null };
    },
  });
}

function allRoute(api: Api, { queries, clock }: AppOptions): void {
  api.route({
    method: 'GET',
    url: '/v1/overview',
    schema: {
      summary: 'How all is at the moment',
      description:
        'The mesh, dead letters by where and how they failed, open questions, and what was spent today (UTC).',
      tags: ['mesh'],
      response: { 200: Overview, ...problems },
    },
    handler: async ({ tenant }): Promise<Overview> => {
      const today = toInstant(clock.now()).slice(0, 10);
      const days = { from: today, to: today, workflow: null, runId: null, limit: 1, now: clock.now() };
      const [mesh, letters, questions, costs] = await Promise.all([
        viewMeshMetrics(queries, tenant),
        listDeadLetters(queries, { tenant, limit: COUNTED, after: null }),
        listInterrupts(queries, { tenant, limit: COUNTED, afterId: null }),
        viewCosts(queries, { ...days, tenant, by: ['day'] }),
      ]);
      const { items, next } = letters;
      return {
        mesh,
        deadLetters: { count: items.length, more: next !== null, groups: failureGroups(items) },
        interrupts: { count: questions.items.length, more: questions.nextCursor !== null },
        today: costs.total,
      };
    },
  });
}

/** By where and how they failed; the letters come latest first. */
function failureGroups(letters: readonly DeadLetter[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const { workflow, node, error, runId, failedAt } of letters) {
    const code = error?.code ?? 'unknown';
    const key = JSON.stringify([workflow.name, node, code]);
    const known = groups.get(key);
    if (known) known.count += 1;
    else {
      const message = error?.message ?? '';
      groups.set(key, { workflow: workflow.name, node, code, message, count: 1, runId, at: failedAt });
    }
  }
  return Array.from(groups.values()).toSorted((one, other) => other.count - one.count);
}
