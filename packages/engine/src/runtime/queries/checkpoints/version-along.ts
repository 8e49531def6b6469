/** Which version of its workflow a run followed at a step. */
import type { WorkflowRef } from '../../../domain/run/records.ts';
import type { MigrationStep, RunReader, RunRecord, StepRange } from '../../../ports/index.ts';
import { pathTo } from './step-path.ts';
import { leadsThrough } from '../../../domain/run/step-path.ts';

/**
 * The version in force after the steps of the path: that of the last migration on it. Before the first migration of all it
 * is the one that the run began with; `now` is what the run follows today, and what it always has where it never moved.
 */
export function workflowAlong(
  now: WorkflowRef,
  { migrations, path }: { migrations: readonly MigrationStep[]; path: readonly StepRange[] },
): WorkflowRef {
  const last = migrations.findLast(({ step }) => leadsThrough(path, step));
  return { ...now, version: last?.to ?? migrations[0]?.from ?? now.version };
}

/** The version that the run followed at the step. */
export async function workflowAt(reader: RunReader, { head }: RunRecord, step: number): Promise<WorkflowRef> {
  const [path, migrations] = await Promise.all([pathTo(reader, head.id, step), reader.migrations(head.id)]);
  return workflowAlong(head.workflow, { migrations, path });
}
