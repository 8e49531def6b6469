/** What the sweepers read and touch: the DispatchStore port on Postgres. */
import type { WorkflowRef } from '@weft/engine/domain';
import type { DispatchStore } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';
import { dueTimers, neglectedRuns, startMail } from './queries/due.ts';
import { laneWaits } from './queries/lane-waits.ts';
import { loadInputs } from './queries/load-inputs.ts';
import { maintain } from './queries/maintain.ts';
import { areReady, backlog, staleOffers, topUp } from './queries/offers.ts';
import { markRunning, strandedAttempts } from './queries/running.ts';

export function createDispatchStore(pool: Pool): DispatchStore {
  return {
    backlog: () => backlog(pool),
    laneWaits: (lists, most) => laneWaits(pool, lists, most),
    topUp: (list, limit) => topUp(pool, list, limit),
    staleOffers: (page) => staleOffers(pool, page),
    areReady: (tasks) => areReady(pool, tasks),
    loadInputs: (tasks) => loadInputs(pool, tasks),
    markRunning: (marks) => markRunning(pool, marks),
    strandedAttempts: (request) => strandedAttempts(pool, request),
    dueTimers: (withinMs, limit) => dueTimers(pool, withinMs, limit),
    neglectedRuns: (olderThanMs, limit) => neglectedRuns(pool, olderThanMs, limit),
    startMail: (runId) => startMail(pool, runId),
    async workflowsOf(runIds) {
      const rows = await query<{ id: string } & WorkflowRef>(pool, {
        name: 'workflows-of',
        text: 'select id, tenant, workflow as name, version from run where id = any($1::uuid[])',
        values: [runIds],
      });
      return new Map(rows.map(({ id, ...ref }) => [id, ref]));
    },
    maintain: (chore) => maintain(pool, chore),
  };
}
