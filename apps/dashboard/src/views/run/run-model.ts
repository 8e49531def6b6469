import type { RunOverview, Task } from '@weft/contract';
import { useCallback, useMemo, useRef, useState } from 'react';

import { api } from '../../api/session.ts';
import { isFinal } from '../../live/merge.ts';
import type { Flush, Said, TaskChange } from '../../live/protocol.ts';
import { useTopic } from '../../live/use-topic.ts';
import { useResource } from '../../store/resource.ts';

/** A task as the list tells it, or only as far as the events do. */
export type ShownTask = Pick<Task, 'key' | 'node' | 'status' | 'attempt'> & { task: Task | null; progress?: unknown };

export type RunModel = {
  overview: RunOverview | null;
  error: unknown;
  tasks: readonly ShownTask[];
  /** The last step that is known of, from the list or from events. */
  step: number;
  /** What attempts have said that are under way, by task. */
  said: ReadonlyMap<string, Said>;
  events: Flush['events'];
  omitted: number;
  reload: () => void;
};

/** The newest events that are kept. */
const EVENTS_KEPT = 5000;
/** How often the whole is read again while it changes, ms; of large runs less often. */
const REFRESH_MS = 1000;
const LARGE_REFRESH_MS = 5000;
const LARGE = 200;

/** A run as it is now: read once, then followed, and read again now and then for what events do not tell. */
export function useRunModel(id: string): RunModel {
  const key = `run:${id}`;
  const { data: overview, error, reload } = useResource(key, () => api().runs.overview(id));
  const [live, setLive] = useState<Live>(NOTHING);
  const refresh = useRefresh(reload, (overview?.tasks.length ?? 0) > LARGE ? LARGE_REFRESH_MS : REFRESH_MS);
  const take = useCallback(
    (flush: Flush) => {
      setLive((before) => applied(before, flush));
      if (flush.end) reload();
      else if (flush.tasks.length > 0 || flush.lastStep !== null) refresh();
    },
    [reload, refresh],
  );
  const isOver = overview?.run.endedAt != null;
  const topic = overview === null || isOver ? null : key;
  useTopic(topic, take, {
    after: Math.max(1, overview?.run.step ?? 1),
    modes: ['tasks', 'updates', 'custom', 'messages'],
  });
  // Whoever retries or replays it, here or elsewhere, it goes on being followed.
  useTopic(isOver ? 'runs' : null, ({ events }) => events.some(({ runId }) => runId === id) && reload());
  const tasks = useMemo(() => shownTasks(overview?.tasks ?? [], live.changes), [overview, live.changes]);
  const step = Math.max(overview?.run.step ?? 0, live.step);
  return { overview, error, tasks, step, said: live.said, events: live.events, omitted: live.omitted, reload };
}

/** At most one call in so long, and one at the end. */
function useRefresh(act: () => void, everyMs: number): () => void {
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  const latest = useRef(act);
  latest.current = act;
  return useCallback(() => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      latest.current();
    }, everyMs);
  }, [everyMs]);
}

type Live = {
  changes: ReadonlyMap<string, TaskChange>;
  said: ReadonlyMap<string, Said>;
  events: Flush['events'];
  omitted: number;
  step: number;
};

const NOTHING: Live = { changes: new Map(), said: new Map(), events: [], omitted: 0, step: 0 };

function applied(before: Live, { tasks, said, voids, events, omitted, lastStep }: Flush): Live {
  return {
    changes: tasks.length === 0 ? before.changes : new Map([...before.changes, ...tasks.map(keyed)]),
    said: said.length + voids.length === 0 ? before.said : withSaid(before.said, said, voids),
    events: [...before.events, ...events].slice(-EVENTS_KEPT),
    omitted: before.omitted + omitted,
    step: lastStep ?? before.step,
  };
}

function keyed<T extends { key: string }>(one: T): [string, T] {
  return [one.key, one];
}

function withSaid(before: ReadonlyMap<string, Said>, said: readonly Said[], voids: Flush['voids']): Map<string, Said> {
  const all = new Map(before);
  for (const piece of said) {
    const known = all.get(piece.taskId);
    const goesOn = known?.attempt === piece.attempt;
    all.set(piece.taskId, goesOn ? { ...piece, text: known.text + piece.text } : piece);
  }
  for (const { taskId, attempt } of voids) if (all.get(taskId)?.attempt === attempt) all.delete(taskId);
  return all;
}

/** What is listed, with what events have told since. */
function shownTasks(tasks: readonly Task[], changes: ReadonlyMap<string, TaskChange>): ShownTask[] {
  const listed = new Set(tasks.map(({ key }) => key));
  const known = tasks.map((task): ShownTask => {
    const { key, node } = task;
    const change = changes.get(key);
    const { status, attempt } = change && isNews(task, change) ? change : task;
    return { key, node, status, attempt, task, ...(change && 'progress' in change && { progress: change.progress }) };
  });
  const others = [...changes.values()].filter(({ key }) => !listed.has(key));
  return [...known, ...others.map(({ key, node, status, attempt }) => ({ key, node, status, attempt, task: null }))];
}

function isNews(task: Task, change: TaskChange): boolean {
  if (change.attempt !== task.attempt) return change.attempt > task.attempt;
  if (isFinal(task.status)) return false;
  return isFinal(change.status) || (change.status === 'running' && task.status === 'ready');
}
