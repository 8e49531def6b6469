/**
 * Starting child runs: their parents ask for them by mail to a run that does not exist yet (rule A10). Whoever finds the mail starts
 * the child; its id is the mail's, so it is started once.
 */
import { AppError } from '@weft/contract';
import type { Json } from '@weft/contract';

import { makeUuidV7 } from '../domain/ids.ts';
import type { ChildStart } from '../domain/run/children.ts';
import type { Mail, Priority, WorkflowRef } from '../domain/run/records.ts';
import type { EngineDeps } from './deps.ts';
import type { StartResult } from './engine.ts';
import type { RunToStart } from './start-runs.ts';

export type ChildDeps = Pick<EngineDeps, 'runs' | 'workflows' | 'clock' | 'log'> & {
  dispatch: Pick<EngineDeps['dispatch'], 'startMail'>;
  start(run: RunToStart): Promise<StartResult | AppError>;
  /** Has the run read its mail. */
  advance(runId: string): Promise<void>;
};

/** Starts the child with this id, if mail asks for it and it does not exist yet. */
export async function startChild(deps: ChildDeps, runId: string): Promise<void> {
  const mail = await deps.dispatch.startMail(runId);
  if (!mail) return;
  const start = mail.payload as ChildStart;
  const workflow = await versionOf(deps, start);
  const result = workflow ? await deps.start(toRun(runId, { mail, start, workflow })) : missing(start);
  if (!(result instanceof AppError)) return;
  if (result.code === 'unavailable') throw result;
  await refuse(deps, { runId, mail, start, error: result });
}

/** The version that the node names, or the newest; null if there is none. */
async function versionOf({ workflows }: ChildDeps, { tenant, workflow }: ChildStart): Promise<WorkflowRef | null> {
  const { name, version } = workflow;
  const stored = await workflows.load({ tenant, name, ...(version !== null && { version }) });
  return stored?.ref ?? null;
}

function missing({ workflow: { name, version } }: ChildStart): AppError {
  return new AppError('not_found', `there is no workflow ${name}${version === null ? '' : ` of version ${version}`}`);
}

type Child = { mail: Mail; start: ChildStart; workflow: WorkflowRef };

function toRun(runId: string, { mail, start, workflow }: Child): RunToStart {
  const { input, config, priority, parent, budget, payer } = start;
  return {
    workflow,
    input,
    config,
    priority: priority as Priority,
    tags: [],
    idempotency: null,
    asChild: { id: runId, parent, mail: mail.id, payer: payer ?? null, budget: budget ?? null },
  };
}

type Refused = { runId: string; mail: Mail; start: ChildStart; error: AppError };

/** The parent is told that the child has failed, as it would be told by the child itself. */
async function refuse(deps: ChildDeps, { runId, mail, start, error }: Refused): Promise<void> {
  const { runs, clock, log } = deps;
  log.warn({ runId, parent: start.parent.runId, code: error.code }, 'a child run could not be started');
  const { runId: parentId, key, epoch } = start.parent;
  const failure = { code: error.code, message: error.message, retryable: false } satisfies { [name: string]: Json };
  const payload = { key, epoch, runId, step: 0, status: 'failed', output: null, error: failure };
  const id = makeUuidV7(clock.now(), clock.randomBytes(10));
  await runs.sendMail(parentId, { id, kind: 'child_ended', payload, dedupeKey: `child_ended ${runId} 0` });
  await runs.dropMail(runId, mail.id);
  await deps.advance(parentId);
}
