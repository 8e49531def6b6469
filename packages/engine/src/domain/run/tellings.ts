/** What of a decision outsiders ask to be told of. */
import type { TaskError } from '@weft/contract';

import type { Decision, RunHead } from './records.ts';
import { TERMINAL_RUN } from './status.ts';

/** `step`: that of the journal which it is told of; `at`: of that step, epoch ms. */
export type Telling = {
  event: `run.${'succeeded' | 'failed' | 'cancelled' | 'interrupted'}` | 'task.failed';
  step: number;
  at: number;
  /** Of `task.failed`. */
  task?: { id: string; key: string; node: string; attempt: number };
  error: TaskError | null;
};

/** Child runs are told of by their parents, whose tasks they are. `before`: how the run stood until then. */
export function tellingsOf({ head, steps, ending }: Decision, before: RunHead['status']): Telling[] {
  if (head.parent !== null || steps.length === 0) return [];
  const tellings = steps.flatMap((step): Telling[] => {
    const { type, taskId, key, node, attempt } = step;
    if (type !== 'task_failed' || taskId === null || key === null || node === null) return [];
    const error = step.facts.tasks?.find((fact) => fact.key === key)?.error ?? null;
    return [
      {
        event: 'task.failed',
        step: step.step,
        at: step.at,
        task: { id: taskId, key, node, attempt: attempt ?? 1 },
        error,
      },
    ];
  });
  const last = steps.at(-1);
  if (last === undefined || head.status === before) return tellings;
  const { status } = head;
  if (status !== 'interrupted' && !TERMINAL_RUN.has(status)) return tellings;
  const event = `run.${status as 'succeeded' | 'failed' | 'cancelled' | 'interrupted'}` as const;
  return [...tellings, { event, step: last.step, at: last.at, error: ending?.error ?? null }];
}
