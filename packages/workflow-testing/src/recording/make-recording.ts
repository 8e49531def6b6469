/** A recording of a run that has ended, from what the API says of it. */
import type { Run, Step, Task, WorkflowDocument } from '@weft/contract';
import type { Facts } from '@weft/engine/domain';

import { labelOf } from '../test-run/result.ts';
import { WorkflowTestError } from '../test-error.ts';
import { RECORDING_VERSION } from './format.ts';
import type { Recording } from './format.ts';
import { Recorder } from './recorder.ts';
import type { Read } from './recorder.ts';

export type RecordedRun = {
  run: Run;
  document: WorkflowDocument;
  /** All tasks and all steps of the run. */
  tasks: readonly Task[];
  steps: readonly Step[];
};

const ENDED: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);
const FINAL: ReadonlySet<string> = new Set(['succeeded', 'failed', 'skipped', 'cancelled']);

/** Throws WorkflowTestError `bad_recording` for a run that has not ended or was branched or moved to another version. */
export function makeRecording({ run, document, tasks, steps }: RecordedRun): Recording {
  if (!ENDED.has(run.status))
    throw new WorkflowTestError(
      'bad_recording',
      `the run ${run.id} has not ended (${run.status}), so there is nothing to compare with`,
    );
  refuseBranched(run, steps);
  const reads = steps.map(readStep);
  const outputs = new Map(tasks.map(({ key, output }) => [key, output ?? null]));
  const recorder = new Recorder(document, outputs);
  for (const read of reads) recorder.take(read);
  const { attempts, timers, events } = recorder;
  return {
    weftRecording: RECORDING_VERSION,
    workflow: { ...run.workflow, document },
    run: { id: run.id, input: run.input, config: run.config ?? {}, startedAt: run.startedAt ?? run.createdAt },
    ended: {
      status: run.status,
      output: run.output,
      state: run.state,
      error: run.error,
      path: reads.flatMap(pathOf),
      tasks: Object.fromEntries(tasks.map(({ key, status }) => [key, status])),
    },
    attempts,
    timers,
    events: events.map((event) =>
      event.type === 'cancel' ? { ...event, reason: run.error?.message ?? 'cancelled' } : event,
    ),
  };
}

function refuseBranched({ id, forkedFrom }: Run, steps: readonly Step[]): void {
  const isForked = forkedFrom !== undefined && forkedFrom.step > 0;
  if (isForked || steps.some(({ step, parent }) => parent !== step - 1))
    throw new WorkflowTestError(
      'bad_recording',
      `the run ${id} was replayed or forked: only a run of one line of steps is recorded`,
    );
  if (steps.some(({ type }) => type === 'migrated'))
    throw new WorkflowTestError(
      'bad_recording',
      `the run ${id} was moved to another version: only a run of one version is recorded`,
    );
}

function readStep(step: Step): Read {
  const facts = step.facts as unknown as Facts;
  return { step, facts, fact: step.taskId === undefined ? null : (facts.tasks?.[0] ?? null) };
}

function pathOf({ facts }: Read): string[] {
  return (facts.tasks ?? []).flatMap(({ key, status }) =>
    FINAL.has(status) && (status === 'succeeded' || status === 'failed') && !key.includes('/')
      ? [labelOf(key).label]
      : [],
  );
}
