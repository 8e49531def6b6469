/** What a waiting task waits for. */
import type { Reason } from '@weft/contract';

import type { TaskDetail } from '../../domain/run/records.ts';
import type { RunReader, RunRecord, TaskView } from '../../ports/index.ts';
import { toInstant } from './instant.ts';

type Detail<K extends TaskDetail['kind']> = Extract<TaskDetail, { kind: K }>;

export async function explainWaiting(reader: RunReader, run: RunRecord, task: TaskView): Promise<Reason> {
  const { waits, detail } = task;
  // A breakpoint that was passed leaves its detail with a task that waits for its next attempt.
  if (waits === 'retry' || detail === null) return retryReason(reader, run, task);
  switch (detail.kind) {
    case 'question':
      return questionReason(detail);
    case 'wait':
      return detail.signal === null ? timeReason(detail) : signalReason(detail, detail.signal);
    case 'child':
      return childReason(reader, run, detail);
    case 'items':
      return itemsReason(reader, task, detail);
    case 'jumped':
    case 'pending':
    case 'halted':
    case 'memo':
      return retryReason(reader, run, task);
  }
}

function questionReason({ id, at, message, expiresAt }: Detail<'question'>): Reason {
  const place = at === 'node' ? 'an answer to its question' : `somebody to pass the breakpoint ${at} it`;
  const details = { interruptId: id, ...(expiresAt !== null && { until: toInstant(expiresAt) }) };
  const text = message === null ? '' : `: ${message.slice(0, 500)}`;
  return { code: 'answer_wait', message: `the task waits for ${place}${text}`, details };
}

function timeReason({ dueAt }: Detail<'wait'>): Reason {
  const until = toInstant(dueAt);
  return { code: 'time_wait', message: `the task waits until ${until}`, details: { until } };
}

function signalReason({ dueAt }: Detail<'wait'>, signal: string): Reason {
  const until = toInstant(dueAt);
  const message = `the task waits until ${until} for the signal ${signal}`;
  return { code: 'signal_wait', message, details: { signal, until } };
}

async function childReason(reader: RunReader, { head }: RunRecord, { runId }: Detail<'child'>): Promise<Reason> {
  const child = await reader.run(head.workflow.tenant, runId);
  const status = child?.head.status ?? 'pending';
  const message = `the task waits for its child run ${runId}, which is ${child ? status : 'about to start'}`;
  return { code: 'child_wait', message, details: { runId, status } };
}

/** How far a send has come stands among the joins, under its key. */
async function itemsReason(reader: RunReader, { runId, key }: TaskView, { total }: Detail<'items'>): Promise<Reason> {
  const progress = (await reader.joins(runId)).find((join) => join.key === `${key}[]`);
  const [begun, ended] = [progress?.taken ?? 0, progress?.ended ?? 0];
  const message = `the task waits for its items: ${ended} of ${total} have ended, ${begun - ended} are under way`;
  return { code: 'items_wait', message, details: { total, begun, ended } };
}

async function retryReason(reader: RunReader, run: RunRecord, task: TaskView): Promise<Reason> {
  const dueAt = await retryDueAt(reader, run.head.step, task);
  const cause = task.error ? ` after ${task.error.code}` : '';
  if (dueAt === null) return { code: 'retry_wait', message: `the task waits for its next attempt${cause}` };
  const until = toInstant(dueAt);
  return {
    code: 'retry_wait',
    message: `the task waits until ${until} for its next attempt${cause}`,
    details: { until },
  };
}

const WINDOW = 200;
const MAX_WINDOWS = 25;

/** The journal says when a waiting task is due; the step that says so is mostly among the newest. */
async function retryDueAt(reader: RunReader, newest: number, task: TaskView): Promise<number | null> {
  for (let to = newest, i = 0; to > task.readsAt && i < MAX_WINDOWS; to -= WINDOW, i += 1) {
    const afterStep = Math.max(to - WINDOW, task.readsAt);
    const steps = await reader.steps(task.runId, { afterStep, limit: to - afterStep });
    const facts = steps.flatMap(({ facts: { tasks } }) => tasks ?? []).filter(({ key }) => key === task.key);
    const fact = facts.findLast(({ attempt, dueAt }) => attempt === task.attempt && dueAt !== undefined);
    if (fact?.dueAt !== undefined) return fact.dueAt;
  }
  return null;
}
