import type { Step } from '@weft/contract';

import type { StepRecord } from '../../domain/run/journal.ts';
import type { ChannelWrite } from '../../domain/run/records.ts';
import type { RunReader } from '../../ports/index.ts';
import { toInstant } from './instant.ts';
import { updatesOf } from './run-state.ts';

/** A journal step and what it wrote to the state. */
export type StepWithWrites = { record: StepRecord; writes: ChannelWrite[] };

/** Journal steps after `afterStep`, in order, at most `limit` of them. */
export async function readSteps(
  reader: RunReader,
  runId: string,
  page: { afterStep: number; limit: number },
): Promise<StepWithWrites[]> {
  const steps = await reader.steps(runId, page);
  const writing = steps.filter(({ facts }) => facts.writes && facts.writes.length > 0);
  const [first, last] = [writing[0], writing.at(-1)];
  const writes = first && last ? await reader.writes(runId, { fromStep: first.step, toStep: last.step }) : [];
  const byStep = Map.groupBy(writes, ({ step }) => step);
  return steps.map((record) => ({ record, writes: byStep.get(record.step) ?? [] }));
}

/** A step as the wire shows it. */
export function toStep(runId: string, { record, writes }: StepWithWrites): Step {
  return {
    runId,
    step: record.step,
    parent: record.parent,
    epoch: record.epoch,
    type: record.type,
    ...(record.node !== null && { node: record.node }),
    ...(record.taskId !== null && { taskId: record.taskId }),
    ...(record.attempt !== null && { attempt: record.attempt }),
    ...(writes.length > 0 && { updates: updatesOf(writes) }),
    facts: shownFacts(record),
    at: toInstant(record.at),
    ...(record.worker !== null && { worker: record.worker }),
  };
}

/** What a fork begins with is as large as the run that it was forked from; it is shown by its checkpoint. */
function shownFacts({ facts: { snapshot, ...facts } }: StepRecord): Step['facts'] {
  if (!snapshot) return facts;
  const { tasks, joins } = snapshot;
  const count = tasks.reduce((sum, task) => sum + ('keys' in task ? task.keys.length : 1), 0);
  return { ...facts, snapshot: { tasks: count, joins: joins.length } };
}
