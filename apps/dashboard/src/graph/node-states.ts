import type { Task, TaskStatus } from '@weft/contract';

/** How the tasks of a node are; that of a node without tasks is null. */
export type NodeState = {
  /** The most telling one. */
  status: TaskStatus;
  tasks: number;
  counts: Partial<Record<TaskStatus, number>>;
  failures: number;
};

/** What goes on, then what failed, then what ended. */
const TELLING: readonly TaskStatus[] = [
  'running',
  'waiting',
  'ready',
  'failed',
  'pending',
  'cancelled',
  'succeeded',
  'skipped',
];

export function nodeStates(
  tasks: Iterable<Pick<Task, 'node' | 'status'> & { failures?: number }>,
): Map<string, NodeState> {
  const states = new Map<string, NodeState>();
  for (const { node, status, failures = 0 } of tasks) {
    const state = states.get(node) ?? { status, tasks: 0, counts: {}, failures: 0 };
    state.tasks += 1;
    state.failures += failures;
    state.counts[status] = (state.counts[status] ?? 0) + 1;
    if (TELLING.indexOf(status) < TELLING.indexOf(state.status)) state.status = status;
    states.set(node, state);
  }
  return states;
}
