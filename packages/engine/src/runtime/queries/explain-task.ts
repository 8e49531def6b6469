/** Why a task is where it is: everything that can be known from the store, the lanes and the fleet. */
import type { Reason } from '@weft/contract';

import { LIVE_TASK } from '../../domain/run/records.ts';
import type { RunRecord, TaskView } from '../../ports/index.ts';
import { readyReasons } from './explain-ready.ts';
import type { ReadyDeps } from './explain-ready.ts';
import { explainWaiting } from './explain-waiting.ts';
import { toInstant } from './instant.ts';
import type { QueryDeps } from './query-deps.ts';
import { isDropped } from './view-task.ts';

export type ExplainDeps = Pick<QueryDeps, 'reader'> & ReadyDeps;

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
