/** Why a task that is ready does not run: everything that is in its way, what weighs most first. */
import type { Reason } from '@weft/contract';

import { limitOf } from '../../domain/limits/limit.ts';
import type { Limit, Rate } from '../../domain/limits/limit.ts';
import { isAtLeast } from '../../domain/load/zone.ts';
import type { Priority } from '../../domain/run/records.ts';
import { MOST_COUNTED } from '../../ports/index.ts';
import type { LimitTable, RunRecord, TaskView, WorkerRecord } from '../../ports/index.ts';
import { endpointReasons } from './explain-endpoints.ts';
import type { EndpointDeps } from './explain-endpoints.ts';
import { toInstant } from './instant.ts';
import { serves } from './list-lanes.ts';
import type { QueryDeps } from './query-deps.ts';
import { readLimits } from './view-limits.ts';

export type ReadyDeps = Pick<QueryDeps, 'fleet' | 'broker' | 'limits' | 'queue' | 'rates'> & EndpointDeps;

type Queued = { task: TaskView; lane: string };

export async function readyReasons(deps: ReadyDeps, { head }: RunRecord, { task, lane }: Queued): Promise<Reason[]> {
  const { tenant } = head.workflow;
  const [table, fleet] = await Promise.all([readLimits(deps), deps.fleet.list()]);
  const workers = fleet.filter((worker) => worker.endedAt === null && serves(worker, lane));
  const isOffered = task.offeredAt !== null;
  const limits = isOffered
    ? []
    : [...(await limitReasons(deps, tenant, { table, task })), ...(await endpointReasons(deps, tenant, task.limitKey))];
  const place = isOffered
    ? await placeOnLane(deps, tenant, { task, lane })
    : await placeInStore(deps, { task, lane, isLimited: limits.length > 0 });
  return [...pauseReasons(table, lane), ...fleetReasons(lane, workers), ...limits, place];
}

function pauseReasons({ paused }: LimitTable, lane: string): Reason[] {
  const since = paused.find((one) => one.lane === lane)?.since;
  if (since === undefined) return [];
  const message = `the lane ${lane} is paused since ${toInstant(since)}`;
  return [{ code: 'lane_paused', message, details: { lane, since: toInstant(since) } }];
}

function fleetReasons(lane: string, workers: WorkerRecord[]): Reason[] {
  const details = { lane, workers: workers.length };
  if (workers.length === 0) return [{ code: 'no_worker', message: noWorker(lane), details }];
  const open = workers.filter(({ desired }) => desired === 'active');
  if (open.length === 0) return [closedReason(lane, workers)];
  const free = open.filter(({ running: busy, slots }) => busy < slots);
  if (free.length > 0) return free.every(isShort) ? [shortReason(lane, free)] : [];
  const message = `all slots of the ${workers.length} workers of lane ${lane} are taken`;
  return [{ code: 'workers_busy', message, details }];
}

function closedReason(lane: string, workers: WorkerRecord[]): Reason {
  const states = new Set(workers.map(({ desired }) => (desired === 'draining' ? 'being drained' : 'cordoned')));
  const message = `all workers of lane ${lane} (${workers.length}) are ${Array.from(states).toSorted().join(' or ')}`;
  const ids = workers.slice(0, 20).map(({ id }) => id);
  return { code: 'workers_closed', message, details: { lane, workers: workers.length, ids } };
}

/** Claims nothing for want of memory or time. */
function isShort({ health }: WorkerRecord): boolean {
  return health !== null && isAtLeast(health.zone, 'orange');
}

function shortReason(lane: string, workers: WorkerRecord[]): Reason {
  const message = `the ${workers.length} workers of lane ${lane} with free slots have no memory for more at present`;
  return { code: 'workers_short', message, details: { lane, workers: workers.length } };
}

function noWorker(lane: string): string {
  const [, handler] = /^handler:(.*)$/s.exec(lane) ?? [];
  return handler === undefined
    ? `no live worker serves the lane ${lane}`
    : `no live worker offers the handler ${handler} (the lane ${lane})`;
}

type Limited = { name: string; what: string; key: string | null; limit: Limit };

/** The limits of the tenant and of the task's key that have no room at present. */
async function limitReasons(
  deps: ReadyDeps,
  tenant: string,
  { table, task }: { table: LimitTable; task: TaskView },
): Promise<Reason[]> {
  const { limitKey } = task;
  const own = table.tenants.find((limit) => limit.tenant === tenant);
  const mine = table.keys.filter((limit) => limit.tenant === tenant);
  const ofKey = limitKey === null ? null : limitOf(mine, limitKey);
  const all: Limited[] = [
    ...(own ? [{ name: 'tenant', what: `the tenant ${tenant}`, key: null, limit: own }] : []),
    ...(ofKey ? [{ name: `key ${limitKey}`, what: `the key ${limitKey}`, key: limitKey, limit: ofKey }] : []),
  ];
  const reasons = await Promise.all(all.flatMap((one) => [full(deps, tenant, one), late(deps, tenant, one)]));
  return reasons.flatMap((reason) => reason ?? []);
}

async function full({ queue }: ReadyDeps, tenant: string, { what, key, limit }: Limited): Promise<Reason | null> {
  const { maxConcurrent } = limit;
  if (maxConcurrent === null) return null;
  const { running, fullSince } = await queue.inUse(tenant, key);
  if (running < maxConcurrent) return null;
  const since = fullSince === null ? null : toInstant(fullSince);
  const message = `${what} has ${running} tasks under way and may have ${maxConcurrent}${since ? `, since ${since}` : ''}`;
  const details = { now: running, limit: maxConcurrent, ...(key !== null && { key }), ...(since && { since }) };
  return { code: key === null ? 'tenant_limit' : 'key_limit', message, details };
}

async function late(
  { queue, rates }: ReadyDeps,
  tenant: string,
  { name, what, key, limit }: Limited,
): Promise<Reason | null> {
  const { rate } = limit;
  if (rate === null) return null;
  const { now } = await queue.inUse(tenant, key);
  const waitMs = await rates.waitMs(tenant, now, [{ ...rate, name }]);
  if (waitMs === 0) return null;
  const until = toInstant(now + waitMs);
  const details = { ...rateDetails(rate), ...(key !== null && { key }), until };
  const message = `${what} may begin ${rate.count} tasks in ${rate.perMs} ms; the next one not before ${until}`;
  return { code: key === null ? 'tenant_rate' : 'key_rate', message, details };
}

function rateDetails({ count, perMs, burst }: Rate) {
  return { count, perMs, burst };
}

async function placeInStore(
  { queue }: ReadyDeps,
  { task, lane, isLimited }: Queued & { isLimited: boolean },
): Promise<Reason> {
  const ahead = await queue.ahead(task);
  const count = ahead >= MOST_COUNTED ? `${MOST_COUNTED} or more` : String(ahead);
  const why = isLimited ? 'until there is room for it' : `until there is room on the lane ${lane}`;
  const message = `the task waits in the store ${why}, with ${count} of its list before it`;
  return { code: 'not_offered', message, details: { lane, ahead } };
}

async function placeOnLane({ broker }: ReadyDeps, tenant: string, { task, lane }: Queued): Promise<Reason> {
  const lists = ([0, 1, 2, 3] satisfies Priority[]).map((priority) => ({ lane, tenant, priority }));
  const depth = (await broker.depths(lists)).reduce((sum, count) => sum + count, 0);
  const details = { lane, depth };
  const [held] = await broker.held([{ lane, taskId: task.id }]);
  if (held === null || held === undefined) {
    const message = `the lane ${lane} does not hold the task at present; the sweeper will offer it again`;
    return { code: 'offer_lost', message, details };
  }
  return { code: 'on_lane', message: `the task is on lane ${lane}, where ${depth} wait, or was just claimed`, details };
}
