/** What sweepers and workers read of runs in memory: the DispatchStore port, as Postgres answers it. */
import { TERMINAL_RUN } from '@weft/engine/domain';
import type { TaskRecord } from '@weft/engine/domain';
import type {
  Clock,
  DispatchStore,
  LaneList,
  RunningMark,
  StrandedAttempt,
  TaskAttempt,
  TaskMessage,
} from '@weft/engine/ports';

import type { MemoryFleet } from './memory-fleet.ts';
import type { MemoryStores } from './memory-stores.ts';
import { copy } from '../rows/values.ts';
import { messageOf } from './message-of.ts';
import type { StoredRun } from './stored-run.ts';

type Deps = { stores: MemoryStores; fleet: MemoryFleet; clock: Pick<Clock, 'now'> };
type Found = { run: StoredRun; task: TaskRecord };

export function createMemoryDispatch(deps: Deps): DispatchStore {
  return { ...offers(deps), ...inputs(deps), ...running(deps), ...dues(deps) };
}

type Offers = Pick<DispatchStore, 'backlog' | 'laneWaits' | 'topUp' | 'staleOffers' | 'areReady'>;

function offers({ stores, clock }: Deps): Offers {
  const ready = (isOffered: boolean): Found[] =>
    allTasks(stores, 'ready').filter(
      ({ run, task }) => task.lane !== null && (run.offeredAt(task) !== null) === isOffered,
    );
  return {
    async backlog() {
      const lists = ready(false).map(({ run, task }) => [listKey(run, task), listOf(run, task)] as const);
      return Array.from(new Map(lists).values());
    },
    async laneWaits(lists, most) {
      return lists.map((list) => {
        const name = JSON.stringify([list.lane, list.tenant, list.priority]);
        const waiting = ready(false).filter(({ run, task }) => listKey(run, task) === name);
        const oldest = Math.min(clock.now(), ...waiting.map(({ task }) => task.readyAt));
        return { ...list, count: Math.min(most, waiting.length), oldestMs: clock.now() - oldest };
      });
    },
    async topUp(list, limit) {
      const name = JSON.stringify([list.lane, list.tenant, list.priority]);
      const chosen = ready(false)
        .filter(({ run, task }) => !run.hasEnded && listKey(run, task) === name)
        .toSorted((a, b) => a.task.readyAt - b.task.readyAt)
        .slice(0, limit);
      for (const { run, task } of chosen) run.offer(task, clock.now());
      return chosen.map(({ run, task }) => messageOf(run, task));
    },
    async staleOffers({ olderThanMs, limit, after }) {
      const until = clock.now() - olderThanMs;
      const placeOf = ({ run, task }: Found): string =>
        `${String(run.offeredAt(task) ?? 0).padStart(16, '0')} ${task.id}`;
      const page = ready(true)
        .filter((one) => !one.run.hasEnded && (one.run.offeredAt(one.task) ?? 0) <= until)
        .filter((one) => after === null || placeOf(one) > after)
        .toSorted((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1))
        .slice(0, limit);
      const last = page.length === limit ? page.at(-1) : undefined;
      return {
        messages: page.map(({ run, task }): TaskMessage => messageOf(run, task)),
        next: last ? placeOf(last) : null,
      };
    },
    areReady: async (tasks) => tasks.map((task) => current(stores, task)?.task.status === 'ready'),
  };
}

function inputs({ stores }: Deps): Pick<DispatchStore, 'loadInputs' | 'workflowsOf'> {
  return {
    async loadInputs(requests) {
      return requests.map(({ task: attempt, nodes, body, tenant }) => {
        const found = current(stores, attempt);
        const isTheirs = tenant === undefined || found?.run.rows.head.workflow.tenant === tenant;
        if (!found || !isTheirs || !isHandedOut(found.task)) return null;
        const material = found.run.material(found.task, nodes);
        return copy((body ?? true) ? material : { ...material, input: null, config: null });
      });
    },
    async workflowsOf(runIds) {
      const found = runIds.flatMap((id) => stores.runs.get(id) ?? []);
      return new Map(found.map(({ id, rows }) => [id, { ...rows.head.workflow }]));
    },
  };
}

function running({ stores, fleet, clock }: Deps): Pick<DispatchStore, 'markRunning' | 'strandedAttempts'> {
  const mark = ({ worker, startedMsAgo, dueInMs, ...attempt }: RunningMark): TaskAttempt[] => {
    const now = clock.now();
    const run = stores.runs.get(attempt.runId);
    const task = run?.rows.find(attempt.key, attempt.taskEpoch);
    if (run && task?.attempt === attempt.attempt && isHandedOut(task)) {
      const startedAt = task.startedAt ?? now - startedMsAgo;
      Object.assign(task, { status: 'running', worker, startedAt });
      run.setDeadline(task, now + dueInMs);
    }
    const found = current(stores, attempt);
    return found && isHandedOut(found.task) ? [] : [attempt];
  };
  const reasonOf = ({ run, task }: Found, graceMs: number): StrandedAttempt['reason'] | null => {
    const worker = fleet.find(task.worker);
    const endedAt = worker ? worker.endedAt : Number.POSITIVE_INFINITY;
    if (endedAt !== null && (task.startedAt ?? 0) <= endedAt) return 'worker_ended';
    return (run.deadline(task) ?? Number.POSITIVE_INFINITY) < clock.now() - graceMs ? 'overdue' : null;
  };
  return {
    markRunning: async (marks) => marks.flatMap(mark),
    async strandedAttempts({ graceMs, limit }) {
      const found = allTasks(stores, 'running').flatMap((one) => {
        const reason = one.run.hasEnded ? null : reasonOf(one, graceMs);
        return reason === null ? [] : [{ task: attemptOf(one), reason }];
      });
      return found.slice(0, limit);
    },
  };
}

function dues({ stores, clock }: Deps): Pick<DispatchStore, 'dueTimers' | 'neglectedRuns' | 'startMail' | 'maintain'> {
  return {
    async dueTimers(withinMs, limit) {
      const now = clock.now();
      const timers = Array.from(stores.runs).flatMap(([runId, { rows }]) =>
        Array.from(rows.timers.values(), (timer) => ({ ...timer, runId, inMs: timer.dueAt - now })),
      );
      const due = timers.filter(({ inMs }) => inMs <= withinMs);
      return due.toSorted((a, b) => a.dueAt - b.dueAt).slice(0, limit);
    },
    async neglectedRuns(olderThanMs, limit) {
      const until = clock.now() - olderThanMs;
      const inline = allTasks(stores, 'ready').filter(({ task }) => task.lane === null && task.readyAt <= until);
      const unread = Array.from(stores.runs.values()).filter((run) => run.hasUnread(until));
      const ids = [
        ...stores.inbox.askedBefore(until),
        ...unread.map(({ id }) => id),
        ...inline.map(({ run }) => run.id),
      ];
      return Array.from(new Set(ids)).slice(0, limit);
    },
    startMail: async (runId) => (stores.runs.has(runId) ? null : copy(stores.inbox.startMail(runId))),
    maintain: async () => undefined,
  };
}

function allTasks(stores: MemoryStores, status: TaskRecord['status']): Found[] {
  return Array.from(stores.runs.values()).flatMap((run) =>
    run.rows.tasks.filter((task) => task.status === status).map((task) => ({ run, task })),
  );
}

/** The task of an attempt that counts: of a run that goes on, in its epoch. */
function current(stores: MemoryStores, { runId, key, taskEpoch, runEpoch, attempt }: TaskAttempt): Found | null {
  const run = stores.runs.get(runId);
  const task = run?.rows.find(key, taskEpoch);
  const { status, epoch } = run?.rows.head ?? {};
  if (!run || !task || task.attempt !== attempt || epoch !== runEpoch || !status || TERMINAL_RUN.has(status))
    return null;
  return { run, task };
}

function isHandedOut({ status }: TaskRecord): boolean {
  return status === 'ready' || status === 'running';
}

function attemptOf({ run, task: { key, epoch, attempt } }: Found): TaskAttempt {
  return { runId: run.id, key, taskEpoch: epoch, runEpoch: run.rows.head.epoch, attempt };
}

function listOf(run: StoredRun, { lane, priority }: TaskRecord): LaneList {
  return { lane: lane ?? '', tenant: run.rows.head.workflow.tenant, priority };
}

function listKey(run: StoredRun, task: TaskRecord): string {
  const { lane, tenant, priority } = listOf(run, task);
  return JSON.stringify([lane, tenant, priority]);
}
