/** How soon a graph of timed tasks can be done with so many slots. */
import type { Trace, TraceTask } from './traces.ts';

/** The longest way through the graph, ms: no number of slots is faster. */
export function criticalMs({ tasks }: Trace): number {
  return Math.max(...rests(tasks).values());
}

export function workMs({ tasks }: Trace): number {
  return tasks.reduce((sum, { ms }) => sum + ms, 0);
}

/** No schedule is shorter, and often none is as short. */
export function boundMs(trace: Trace, slots: number): number {
  return Math.max(criticalMs(trace), workMs(trace) / slots);
}

/** The shortest of some schedules without any overhead: the best possible one is between the bound and it. */
export function bestMs({ tasks }: Trace, slots: number): number {
  const rest = rests(tasks);
  const orders: ((task: TraceTask, readyAt: number) => number)[] = [
    (task) => -(rest.get(task.name) ?? 0),
    (_, readyAt) => readyAt,
    (task) => -task.ms,
  ];
  return Math.min(...orders.map((order) => simulate(tasks, slots, order)));
}

/** In the order in which tasks become ready. */
export function fifoMs({ tasks }: Trace, slots: number): number {
  return simulate(tasks, slots, (_, readyAt) => readyAt);
}

/** From the start of each task to the end of all that follows it. Tasks stand after those they need. */
function rests(tasks: readonly TraceTask[]): Map<string, number> {
  const rest = new Map<string, number>();
  for (const { name, ms, needs } of tasks.toReversed()) {
    const own = (rest.get(name) ?? 0) + ms;
    rest.set(name, own);
    for (const need of needs) rest.set(need, Math.max(rest.get(need) ?? 0, own));
  }
  return rest;
}

/** No slot is idle while a task is ready; of those that are, the lowest comes first. */
function simulate(
  tasks: readonly TraceTask[],
  slots: number,
  order: (task: TraceTask, readyAt: number) => number,
): number {
  const open = new Map(tasks.map(({ name, needs }) => [name, new Set(needs)]));
  const ready: { task: TraceTask; rank: number }[] = [];
  const running: { name: string; endsAt: number }[] = [];
  const admit = (now: number): void => {
    for (const task of tasks) {
      if (open.get(task.name)?.size !== 0) continue;
      open.delete(task.name);
      ready.push({ task, rank: order(task, now) });
    }
    ready.sort((a, b) => a.rank - b.rank);
  };
  let now = 0;
  admit(now);
  while (ready.length > 0 || running.length > 0) {
    for (const { task } of ready.splice(0, slots - running.length)) {
      running.push({ name: task.name, endsAt: now + task.ms });
    }
    running.sort((a, b) => a.endsAt - b.endsAt);
    const ended = running.shift();
    if (ended === undefined) break;
    now = ended.endsAt;
    for (const needs of open.values()) needs.delete(ended.name);
    admit(now);
  }
  return now;
}
