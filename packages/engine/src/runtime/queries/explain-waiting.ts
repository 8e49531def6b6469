/** What a waiting task waits for. */
import type { JsonObject, Reason } from '@weft/contract';

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
  const due = await retryDue(reader, run.head.step, task);
  const dueAt = due?.at ?? null;
  if (due?.note?.['waitsFor'] === 'endpoint') return noPlaceReason(due);
  const cause = task.error ? ` after ${task.error.code}` : '';
  if (dueAt === null) return { code: 'retry_wait', message: `the task waits for its next attempt${cause}` };
  const until = toInstant(dueAt);
  return {
    code: 'retry_wait',
    message: `the task waits until ${until} for its next attempt${cause}`,
    details: { until },
  };
}

/** When it is due, and what the attempt before said of itself. */
type Due = { at: number; note: JsonObject | null };

/** It was on a worker, which found no endpoint for it: none has what it asks for, or all that have are busy. */
function noPlaceReason({ at, note }: Due): Reason {
  const until = toInstant(at);
  const { tags, pin, model, leftOut, refused } = note ?? {};
  const message = `no endpoint could take the task; it asks again at ${until}`;
  const wanted = { ...(tags && { tags }), ...(pin && { pin }), ...(model && { model }) };
  return {
    code: 'no_endpoint',
    message,
    details: { until, ...wanted, leftOut: leftOut ?? [], refused: refused ?? [] },
  };
}

const WINDOW = 200;
const MAX_WINDOWS = 25;

/** The journal says when a waiting task is due; the step that says so is mostly among the newest. */
async function retryDue(reader: RunReader, newest: number, task: TaskView): Promise<Due | null> {
  for (let to = newest, i = 0; to > task.readsAt && i < MAX_WINDOWS; to -= WINDOW, i += 1) {
    const afterStep = Math.max(to - WINDOW, task.readsAt);
    const steps = await reader.steps(task.runId, { afterStep, limit: to - afterStep });
    for (const { facts } of steps.toReversed()) {
      const fact = facts.tasks?.find(({ key, attempt }) => key === task.key && attempt === task.attempt);
      if (fact?.dueAt !== undefined) return { at: fact.dueAt, note: facts.note ?? null };
    }
  }
  return null;
}
