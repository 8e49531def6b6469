/** Why a task is where it is: everything that can be known from the store, the lanes and the fleet. */
import type { Reason } from '@weft/contract';

import { isAtLeast } from '../../domain/load/zone.ts';
import { LIVE_TASK } from '../../domain/run/records.ts';
import type { Priority } from '../../domain/run/records.ts';
import { ANY_LANE, isAnyLane } from '../../ports/index.ts';
import type { RunRecord, TaskView, WorkerRecord } from '../../ports/index.ts';
import { explainWaiting } from './explain-waiting.ts';
import { toInstant } from './instant.ts';
import type { QueryDeps } from './query-deps.ts';
import { isDropped } from './view-task.ts';

export type ExplainDeps = Pick<QueryDeps, 'reader' | 'fleet' | 'broker'>;

/** The reasons, the most telling first; null if the tenant has no such task. */
export async function explainTask(deps: ExplainDeps, tenant: string, id: string): Promise<Reason[] | null> {
  const task = await deps.reader.task(tenant, id);
  const run = task && (await deps.reader.run(tenant, task.runId));
  if (!task || !run) return null;
  if (isDropped(task, run)) return [runEnded(run)];
  if (!LIVE_TASK.has(task.status)) return [settled(task)];
  if (task.status === 'running') return [running(task)];
  if (task.status === 'waiting') return [await explainWaiting(deps.reader, run, task)];
  return task.lane === null ? [inline()] : readyReasons(deps, run, { task, lane: task.lane });
}

function runEnded({ head }: RunRecord): Reason {
  return { code: 'run_ended', message: `the run is ${head.status}, so the task was cancelled with it` };
}

function settled(task: TaskView): Reason {
  const cause = task.error ? `: ${task.error.message}` : '';
  const details = { status: task.status, ...(task.error && { error: task.error.code }) };
  return { code: 'task_settled', message: `the task is ${task.status}${cause}`, details };
}

function running({ worker, startedAt, attempt }: TaskView): Reason {
  const since = startedAt === null ? '' : ` since ${toInstant(startedAt)}`;
  const details = { attempt, ...(worker !== null && { worker }) };
  return { code: 'running', message: `attempt ${attempt} runs on worker ${worker ?? 'unknown'}${since}`, details };
}

function inline(): Reason {
  return { code: 'engine_step', message: 'the node needs no worker; the engine settles it with its next transaction' };
}

type Queued = { task: TaskView; lane: string };

async function readyReasons(deps: ExplainDeps, run: RunRecord, { task, lane }: Queued): Promise<Reason[]> {
  const workers = (await deps.fleet.list()).filter((worker) => worker.endedAt === null && serves(worker, lane));
  const place = await placeOf(deps, run, { task, lane });
  return [...fleetReasons(lane, workers), place];
}

function serves({ lanes }: WorkerRecord, lane: string): boolean {
  return lanes.includes(lane) || (lanes.includes(ANY_LANE) && isAnyLane(lane));
}

function fleetReasons(lane: string, workers: WorkerRecord[]): Reason[] {
  const details = { lane, workers: workers.length };
  if (workers.length === 0) return [{ code: 'no_worker', message: `no live worker serves the lane ${lane}`, details }];
  const open = workers.filter(({ desired }) => desired === 'active');
  if (open.length === 0) return [closedReason(lane, workers)];
  const free = open.filter(({ running: busy, slots }) => busy < slots);
  if (free.length > 0) return free.every(isShort) ? [shortReason(lane, free)] : [];
  return [
    { code: 'workers_busy', message: `all slots of the ${workers.length} workers of lane ${lane} are taken`, details },
  ];
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

async function placeOf({ broker }: ExplainDeps, { head }: RunRecord, { task, lane }: Queued): Promise<Reason> {
  const tenant = head.workflow.tenant;
  const lists = ([0, 1, 2, 3] satisfies Priority[]).map((priority) => ({ lane, tenant, priority }));
  const depth = (await broker.depths(lists)).reduce((sum, count) => sum + count, 0);
  const details = { lane, depth };
  if (task.offeredAt === null) {
    const message = `the window of lane ${lane} is full (${depth} wait there); the task waits in the store for its turn`;
    return { code: 'not_offered', message, details };
  }
  const [held] = await broker.held([{ lane, taskId: task.id }]);
  if (held === null || held === undefined) {
    const message = `the lane ${lane} does not hold the task at present; the sweeper will offer it again`;
    return { code: 'offer_lost', message, details };
  }
  return { code: 'on_lane', message: `the task is on lane ${lane}, where ${depth} wait, or was just claimed`, details };
}
