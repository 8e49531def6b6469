/** Answers to the questions of a run and of its children, and passing its breakpoints. */
import { AppError, pointerOf } from '@weft/contract';
import type { Json, ProblemItem } from '@weft/contract';

import type { RunRecord } from '../../ports/index.ts';
import type { ResumeRequest, SteerRequest } from '../engine.ts';
import { findAnswer, openQuestions, questionOf } from './find-questions.ts';
import type { OpenQuestion } from './find-questions.ts';
import { openLetters } from './letters.ts';
import type { Letters } from './letters.ts';
import { MEANS_SCHEMA, raiseBudgets } from './raise-budgets.ts';
import type { SteerDeps } from './steer-deps.ts';
import { checkUpdates, refuseEnded, runOf } from './steered-run.ts';

type Request = SteerRequest & ResumeRequest;

/** A question and the answer that it gets. */
type Target = OpenQuestion & { value: Json };

/** One run's share: the answers to its questions by their ids, and the tasks that ask; null for all of its breakpoints. */
type Share = { run: RunRecord; answers: Record<string, Json> | null; keys: Record<string, string> | null };

export async function resumeRun(deps: SteerDeps, request: Request): Promise<void> {
  const { answers, stateUpdates } = request;
  const run = await runOf(deps, request);
  const letters = await openLetters(deps, request);
  if (!letters.isKnown) refuseEnded(run);
  const graph = await deps.graphs.load(run.head.workflow);
  checkUpdates(graph, stateUpdates ?? {}, '/stateUpdates');
  if (answers && Object.keys(answers).length === 0 && !stateUpdates) refuse('/answers', 'there is nothing to answer');
  if (!answers) return passBreakpoints(deps, { run, request, letters });
  const targets = await targetsOf(deps, { run, answers, letters });
  await checkAnswers(deps, targets);
  await raiseBudgets(deps.budgets, targets);
  await send({ run, shares: sharesOf(run, targets, stateUpdates !== null), request, letters });
  await confirm(deps, targets, letters);
  if (targets.length === 0 && stateUpdates) await confirmShare(run, letters);
}

type Resumption = { run: RunRecord; request: Request; letters: Letters };

async function passBreakpoints(deps: SteerDeps, { run, request, letters }: Resumption): Promise<void> {
  const questions = await Array.fromAsync(openQuestions(deps.reader, run, { children: 'all' }));
  const runs = new Map(
    questions.filter(({ question }) => question.at !== 'node').map((open) => [open.run.head.id, open.run]),
  );
  if (runs.size === 0 && !request.stateUpdates && !letters.isKnown) {
    const ids = questions.slice(0, 10).map(({ question, task }) => `${question.id} (${task.node})`);
    const message =
      ids.length > 0
        ? `no breakpoint holds the run; these questions wait for answers: ${ids.join(', ')}`
        : 'the run asks nothing';
    throw new AppError('conflict', message);
  }
  if (request.stateUpdates || letters.isKnown) runs.set(run.head.id, run);
  const shares = Array.from(runs.values(), (held) => ({ run: held, answers: null, keys: null }));
  await send({ run, shares, request, letters });
  for (const { run: held } of shares) await confirmShare(held, letters);
}

/** Where each answer goes. What this very request has answered before is left out. */
async function targetsOf(
  deps: SteerDeps,
  { run, answers, letters }: { run: RunRecord; answers: NonNullable<Request['answers']>; letters: Letters },
): Promise<Target[]> {
  const missing = new Map(Object.entries(answers));
  const targets = await ownTargets(deps, run, missing);
  if (missing.size > 0) targets.push(...(await askedTargets(deps, run, missing)));
  const loadGraph = deps.graphs.load.bind(deps.graphs);
  for (const id of missing.keys()) {
    const given = await findAnswer({ reader: deps.reader, loadGraph }, run, id);
    if (!given) throw new AppError('not_found', `the run has no open question ${id}`);
    if (!letters.wrote(given.runId, given.step.facts.mail)) throw answeredAlready(id, given.step.facts.answer?.by);
  }
  return targets;
}

/** Of more answers than this it is cheaper to look through everything that waits. */
const MOST_BY_ID = 20;

/** Questions of the run's own interrupts have the ids of their tasks: they are found without looking through the others. */
async function ownTargets({ reader }: SteerDeps, run: RunRecord, missing: Map<string, Json>): Promise<Target[]> {
  if (missing.size > MOST_BY_ID) return [];
  const targets: Target[] = [];
  for (const [id, value] of missing) {
    const task = await reader.task(run.head.workflow.tenant, id);
    const question = task?.runId === run.head.id ? questionOf(task) : null;
    if (task && question?.id === id) targets.push({ run, task, question, value });
  }
  for (const { question } of targets) missing.delete(question.id);
  return targets;
}

/** Looks through all that the run and its children ask. */
async function askedTargets(deps: SteerDeps, run: RunRecord, missing: Map<string, Json>): Promise<Target[]> {
  const targets: Target[] = [];
  for await (const open of openQuestions(deps.reader, run, { children: 'all' })) {
    const value = missing.get(open.question.id);
    if (value === undefined) continue;
    targets.push({ ...open, value });
    missing.delete(open.question.id);
    if (missing.size === 0) break;
  }
  return targets;
}

/** Throws AppError `invalid_input` with everything that does not match the schemas of the questions. */
async function checkAnswers({ graphs, inputs }: SteerDeps, targets: readonly Target[]): Promise<void> {
  const errors: ProblemItem[] = [];
  for (const { run, task, question, value } of targets) {
    const node = (await graphs.load(run.head.workflow)).document.nodes[task.node];
    const schema = question.means ? MEANS_SCHEMA : node?.type === 'interrupt' ? node.answerSchema : undefined;
    if (question.at !== 'node' || schema === undefined) continue;
    const place = pointerOf(['answers', question.id]);
    const found = await inputs.check(schema, value);
    errors.push(...found.map((error) => ({ ...error, pointer: error.pointer.replace(/^\/input/, () => place) })));
  }
  if (errors.length > 0) throw new AppError('invalid_input', 'the answer does not match its schema', { errors });
}

/** The share of the run itself comes first: it takes the updates of the state. */
function sharesOf(run: RunRecord, targets: readonly Target[], isUpdated: boolean): Share[] {
  const shares = new Map(isUpdated ? [[run.head.id, emptyShare(run)]] : []);
  for (const { run: asking, task, question, value } of targets) {
    const share = shares.get(asking.head.id) ?? emptyShare(asking);
    share.answers[question.id] = value;
    share.keys[question.id] = task.key;
    shares.set(asking.head.id, share);
  }
  return [...shares.values()];
}

function emptyShare(run: RunRecord) {
  return { run, answers: {} as Record<string, Json>, keys: {} as Record<string, string> };
}

async function send({ run, shares, request, letters }: Resumption & { shares: readonly Share[] }): Promise<void> {
  for (const { run: asking, answers, keys } of shares) {
    const runId = asking.head.id;
    const stateUpdates = runId === run.head.id ? request.stateUpdates : null;
    await letters.send({
      runId,
      kind: 'answer',
      payload: { answers, ...(keys && { keys }), stateUpdates, by: request.by },
    });
  }
}

/** Throws AppError `conflict` if another answer was first, or a question is gone: then no question of that run was answered. */
async function confirm({ reader }: SteerDeps, targets: readonly Target[], letters: Letters): Promise<void> {
  let lost: string | null = null;
  for (const { run, question } of targets) {
    const step = await reader.stepOfAnswer(run.head.id, question.id);
    if (step && !letters.wrote(run.head.id, step.facts.mail)) throw answeredAlready(question.id, step.facts.answer?.by);
    if (!step) lost ??= question.id;
  }
  if (lost !== null)
    throw new AppError('conflict', `the question ${lost} was not answered: it, or another one, is not open any more`);
}

async function confirmShare({ head }: RunRecord, letters: Letters): Promise<void> {
  if (await letters.stepIn(head.id, head.step)) return;
  throw new AppError('conflict', 'the run has gone on meanwhile: nothing of it waits to be resumed');
}

function answeredAlready(id: string, by: string | null | undefined): AppError {
  return new AppError('conflict', `the question ${id} was answered already${by ? ` by ${by}` : ''}`);
}

function refuse(pointer: string, message: string): never {
  throw new AppError('invalid_input', message, { errors: [{ code: 'invalid_value', pointer, message }] });
}
