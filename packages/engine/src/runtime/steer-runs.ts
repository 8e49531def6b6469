/** Steering runs from outside, by mail (rule A10). A request that is sent again under its key is carried out once. */
import { AppError } from '@weft/contract';
import type { JsonObject } from '@weft/contract';

import { makeUuidV7 } from '../domain/ids.ts';
import { TERMINAL_RUN } from '../domain/run/records.ts';
import type { MailKind, RunHead } from '../domain/run/records.ts';
import type { Engine, SteerRequest } from './engine.ts';
import { injectState } from './steering/inject-state.ts';
import { resumeRun } from './steering/resume-run.ts';
import { signalRun } from './steering/signal-run.ts';
import type { SteerDeps } from './steering/steer-deps.ts';

type Steering = Pick<Engine, 'cancelRun' | 'retryRun' | 'resumeRun' | 'injectState' | 'signalRun'>;

type Letter = SteerRequest & { kind: MailKind; payload: JsonObject };

export function createSteering(deps: SteerDeps): Steering {
  return {
    resumeRun: (request) => resumeRun(deps, request),
    injectState: (request) => injectState(deps, request),
    signalRun: (request) => signalRun(deps, request),
    async cancelRun({ reason, ...request }) {
      const before = await headOf(deps, request);
      if (!(await isKnown(deps, request)) && TERMINAL_RUN.has(before.status))
        throw new AppError('conflict', `the run has already ended: ${before.status}`);
      const { status } = await mail(deps, { ...request, kind: 'cancel', payload: { reason } });
      if (status !== 'cancelled') throw new AppError('conflict', `the run has ended meanwhile: ${status}`);
    },
    async retryRun(request) {
      const { status } = await headOf(deps, request);
      if (!(await isKnown(deps, request)) && status !== 'failed')
        throw new AppError('conflict', `only a failed run can be retried; this one is ${status}`);
      await mail(deps, { ...request, kind: 'retry', payload: {} });
    },
  };
}

/** Whether this very request was accepted before. Throws AppError `idempotency_conflict` if the key stands for another. */
async function isKnown({ runs }: SteerDeps, { tenant, runId, idempotency }: SteerRequest): Promise<boolean> {
  if (!idempotency) return false;
  const used = await runs.usedKey(tenant, idempotency.key);
  if (used === null) return false;
  if (used.runId === runId && used.payloadHash === idempotency.payloadHash) return true;
  throw new AppError('idempotency_conflict', 'the idempotency key was used for another request');
}

/** Writes to the run's inbox unless that was done before, has it read, and gives the run after that. */
async function mail(deps: SteerDeps, letter: Letter): Promise<RunHead> {
  const { tenant, runId, kind, payload, idempotency } = letter;
  const { clock, runs, settler } = deps;
  const id = makeUuidV7(clock.now(), clock.randomBytes(10));
  const key = idempotency ? { tenant, ...idempotency } : null;
  const sent = await runs.sendMail(runId, { id, kind, payload, dedupeKey: id }, key);
  if (!sent) await isKnown(deps, letter);
  await settler.settle({ runId, workflow: null, event: { type: 'advance' } });
  return headOf(deps, letter);
}

async function headOf({ reader }: SteerDeps, { tenant, runId }: SteerRequest): Promise<RunHead> {
  const run = await reader.run(tenant, runId);
  if (!run) throw new AppError('not_found', `there is no run ${runId}`);
  return run.head;
}
