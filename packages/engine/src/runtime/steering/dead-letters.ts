/** Doing dead letters again, and putting them away: by mail to their runs, which decide (rule A10). */
import { AppError } from '@weft/contract';
import type { LetterResult, LetterResults } from '@weft/contract';

import { contentHash } from '../../domain/content-hash.ts';
import type { LetterRef } from '../../domain/run/letters/take-letters.ts';
import { TERMINAL_RUN } from '../../domain/run/records.ts';
import type { LetterReader, LetterRecord } from '../../ports/index.ts';
import type { Engine, LetterRequest, ManyLettersRequest } from '../engine.ts';
import { stateOf } from '../queries/dead-letters.ts';
import { openLetters } from './letters.ts';
import type { SteerDeps } from './steer-deps.ts';

type Deps = SteerDeps & { letters: LetterReader };

export function createDeadLetters(deps: Deps): Pick<Engine, 'actOnLetter' | 'actOnLetters'> {
  return {
    actOnLetter: (request) => actOnLetter(deps, request),
    actOnLetters: (request) => actOnLetters(deps, request),
  };
}

/** Runs that are dealt with at the same time. */
const AT_ONCE = 8;

async function actOnLetter(deps: Deps, request: LetterRequest): Promise<void> {
  const { tenant, taskId, action, by, idempotency } = request;
  const letter = await deps.letters.letter(tenant, taskId);
  if (!letter) throw new AppError('not_found', `there is no dead letter ${taskId}`);
  const mail = await openLetters(deps, { tenant, runId: letter.runId, idempotency });
  if (mail.isKnown) return;
  refuse(letter, request);
  const ref: LetterRef = { ...refOf(letter), ...(request.with !== undefined && { with: request.with }) };
  const { runId } = letter;
  await mail.send({ runId, kind: `${action}_letters`, payload: { letters: [ref], by } });
  const step = await mail.stepIn(runId, letter.settledStep ?? 0);
  if (step?.facts.tasks?.some(({ key }) => key === letter.key)) return;
  throw new AppError('conflict', await whyNot(deps, letter));
}

async function actOnLetters(deps: Deps, request: ManyLettersRequest): Promise<LetterResults> {
  const { tenant, filter, limit, dryRun } = request;
  const found = await deps.letters.letters({ ...filter, tenant, limit: limit + 1 });
  const letters = found.slice(0, limit);
  const more = found.length > limit;
  if (dryRun) return { done: 0, items: letters.map((letter) => resultOf(letter, null)), more };
  const runs = Array.from(Map.groupBy(letters, ({ runId }) => runId).values());
  const items: LetterResult[] = [];
  for (let at = 0; at < runs.length; at += AT_ONCE) {
    const some = await Promise.all(runs.slice(at, at + AT_ONCE).map((ofRun) => actOnRun(deps, request, ofRun)));
    items.push(...some.flat());
  }
  return { done: items.filter(({ done }) => done).length, items, more };
}

/** Each run takes all of its letters at once; a request that comes again under its key does no run a second time. */
async function actOnRun(deps: Deps, request: ManyLettersRequest, letters: LetterRecord[]): Promise<LetterResult[]> {
  const { tenant, action, by, idempotency } = request;
  const runId = letters[0]?.runId ?? '';
  try {
    const key = idempotency && { ...idempotency, key: `letters ${contentHash({ key: idempotency.key, runId })}` };
    const mail = await openLetters(deps, { tenant, runId, idempotency: key });
    if (mail.isKnown) return letters.map((letter) => resultOf(letter, 'this request has dealt with its run before'));
    const payload = { letters: letters.map(refOf), by };
    await mail.send({ runId, kind: `${action}_letters`, payload });
    const step = await mail.stepIn(runId, Math.min(...letters.map(({ settledStep }) => settledStep ?? 0)));
    const taken = new Set(step?.facts.tasks?.map(({ key: of }) => of));
    return await Promise.all(
      letters.map(async (letter) =>
        taken.has(letter.key)
          ? { ...resultOf(letter, null), done: true }
          : resultOf(letter, await whyNot(deps, letter)),
      ),
    );
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return letters.map((letter) => resultOf(letter, error.message));
  }
}

function resultOf({ id: taskId, runId, node }: LetterRecord, reason: string | null): LetterResult {
  return { taskId, runId, node, done: false, ...(reason !== null && { reason }) };
}

function refOf({ key, id, attempt }: LetterRecord): LetterRef {
  return { key, id, attempt };
}

function refuse(letter: LetterRecord, { action, with: edited }: LetterRequest): void {
  const state = stateOf(letter);
  if (state === 'retried')
    throw new AppError(
      'conflict',
      `the task is not a dead letter any more; its status is ${letter.superseded ? 'superseded' : letter.status}`,
    );
  if (state === 'discarded' && action === 'discard')
    throw new AppError('conflict', 'the dead letter was discarded already');
  if (action === 'retry' && letter.runStatus === 'cancelled') throw new AppError('conflict', 'its run was cancelled');
  if (edited !== undefined && letter.lane === null) {
    const message = `${letter.node} is not run by a worker, so it has no input that could be edited`;
    throw new AppError('invalid_input', message, { errors: [{ code: 'invalid_input', pointer: '/with', message }] });
  }
}

/** Why its run has left it as it is. */
async function whyNot({ letters }: Deps, { id, attempt, workflow: { tenant } }: LetterRecord): Promise<string> {
  const now = await letters.letter(tenant, id);
  if (!now || now.status !== 'failed' || now.attempt !== attempt) return 'it was retried meanwhile';
  if (stateOf(now) === 'discarded') return 'it was discarded meanwhile';
  if (!TERMINAL_RUN.has(now.runStatus))
    return 'its run goes on without it, and others may be reading that: retry it when the run has ended';
  return 'doing it again would change nothing: replay its run from a step before it instead';
}
