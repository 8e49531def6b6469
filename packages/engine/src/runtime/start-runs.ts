/** Submitting runs: checked, decided and written in groups; durable when it returns. */
import { AppError } from '@weft/contract';

import { looserThan, meansOf } from '../domain/budget/payer.ts';
import type { Means, Payer, RunBudget } from '../domain/budget/payer.ts';
import type { Graph } from '../domain/graph/graph.ts';
import { priorityLevel } from '../domain/graph/priority.ts';
import { makeUuidV7 } from '../domain/ids.ts';
import { forkRun } from '../domain/run/branch/fork-run.ts';
import type { Fork } from '../domain/run/branch/fork-run.ts';
import { startRun } from '../domain/run/decide.ts';
import { freshHead } from '../domain/run/fresh.ts';
import type { Decision, RunHead, RunParent, SentMail } from '../domain/run/records.ts';
import type { NewRun, Plan, Submission } from '../ports/index.ts';
import { StoreError } from '../ports/index.ts';
import type { Admission, Offering } from './admission.ts';
import { planOf } from './decide-run.ts';
import type { EngineDeps } from './deps.ts';
import type { FreshRun, StartRequest, StartResult } from './engine.ts';
import type { GraphCache } from './graph-cache.ts';
import { createGroup } from './group-commit.ts';
import { leavesWork } from './leaves-work.ts';
import { publishPlans } from './publish.ts';

/**
 * A request; for a child run the id that its parent gave it, and the mail that asked for it; for a fork where it begins, and for
 * a run that is started again which one that is.
 */
export type RunToStart = StartRequest & {
  asChild?: { id: string; parent: RunParent; mail: string; payer: Payer | null; budget: RunBudget | null };
  asFork?: Pick<Fork, 'point' | 'updates' | 'differs'>;
  forkedFrom?: NonNullable<NewRun['forkedFrom']>;
  /** The firing of a schedule that it is. */
  fire?: NonNullable<NewRun['fire']>;
  /** The run that it does not exceed in what it may spend. */
  like?: { payer: Payer | null; budget: RunBudget | null };
};

export type StartRuns = {
  start(requests: readonly RunToStart[]): Promise<(StartResult | AppError)[]>;
  idle(): Promise<void>;
};

export type StartDeps = Pick<EngineDeps, 'runs' | 'broker' | 'bus' | 'timers' | 'inputs' | 'clock' | 'log'> & {
  graphs: GraphCache;
  admission: Admission;
  /** What the commit of a new run has left to the next is gone on with. */
  goOn(run: RunHead): void;
  /** Mail of a new run to others is delivered. */
  post(mail: readonly SentMail[]): void;
};

const MAX_BATCH = 500;

type Pending = {
  run: NewRun;
  /** Chooses what the transaction under way offers; set for each. */
  offering: Offering | null;
  plan: Plan | null;
  done: (result: StartResult | AppError) => void;
};

export function createStartRuns(deps: StartDeps): StartRuns {
  const telling: Telling = { last: Promise.resolve() };
  const group = createGroup<Pending>({ commit: (batch) => commit({ ...deps, telling }, batch), maxItems: MAX_BATCH });

  async function startOne(request: RunToStart): Promise<StartResult | AppError> {
    const graph = await deps.graphs.load(request.workflow);
    const errors = await deps.inputs.check(graph.document.input, request.input);
    if (errors.length > 0)
      return new AppError('invalid_input', 'the input does not match the schema of the workflow', { errors });
    refuseLooser(graph, request);
    if (!deps.admission.isReady) await deps.admission.refresh();
    const { promise, resolve } = Promise.withResolvers<StartResult | AppError>();
    const run = newRun(deps, { graph, request, admit });
    const pending: Pending = { run, offering: null, plan: null, done: resolve };
    function admit(decision: Decision): Plan {
      if (!pending.offering) throw new Error('a run was planned outside any transaction');
      const consumedMail = request.asChild ? [request.asChild.mail] : [];
      pending.plan = planOf(pending.offering, { ...decision, consumedMail });
      return pending.plan;
    }
    group.add(pending);
    return promise;
  }

  return {
    start: (requests) => Promise.all(requests.map((request) => startOne(request).catch(asAppError))),
    async idle() {
      await group.idle();
      await telling.last;
    },
  };
}

function newRun(
  deps: StartDeps,
  { graph, request, admit }: { graph: Graph; request: RunToStart; admit: (decision: Decision) => Plan },
): NewRun {
  const { input, config, tags, idempotency } = request;
  const defaults = graph.document.defaults?.priority;
  const id = request.asChild?.id ?? makeUuidV7(deps.clock.now(), deps.clock.randomBytes(10));
  const { budget, payer } = meansOf({
    runId: id,
    key: request.key ?? null,
    above: request.asChild?.payer ?? request.above ?? null,
    budgets: [graph.document.budget, request.asChild?.budget, ...likeIt(request), request.budget],
  });
  const head = freshHead({
    id,
    parent: request.asChild?.parent ?? null,
    payer,
    workflow: graph.ref,
    priority: request.priority ?? priorityLevel(defaults ?? 'normal'),
  });
  return {
    head,
    input,
    config,
    tags,
    budget,
    idempotency,
    forkedFrom: request.forkedFrom ?? null,
    fire: request.fire ?? null,
    plan: (now) => admit(firstDecision(graph, { head, body: { input, config }, now }, request.asFork)),
  };
}

function likeIt({ like }: RunToStart): Means['budgets'] {
  if (!like) return [];
  const { name, onExceeded } = like.payer ?? {};
  return [like.budget, { ...(typeof name === 'string' && { name }), ...(onExceeded && { onExceeded }) }];
}

/** A request may bound a run closer than its document does, and not wider. */
function refuseLooser({ document }: Graph, { budget }: RunToStart): void {
  const errors = looserThan(document.budget, budget).map((unit) => ({
    code: 'invalid_value',
    pointer: `/budget/${unit}`,
    message: `the workflow allows ${document.budget?.[unit]} at most`,
  }));
  if (errors.length > 0) throw new AppError('invalid_request', 'the budget is above that of the workflow', { errors });
}

type Start = Parameters<typeof startRun>[1];

function firstDecision(graph: Graph, start: Start, fork: RunToStart['asFork']): Decision {
  return fork ? forkRun(graph, { ...start, ...fork, identity: start.head }) : startRun(graph, start);
}

/** What the last commit is still telling of: the next is under way meanwhile, but they are told in order. */
type Telling = { last: Promise<void> };

type CommitDeps = StartDeps & { telling: Telling };

async function commit(deps: CommitDeps, batch: Pending[]): Promise<void> {
  const offering = deps.admission.begin();
  for (const pending of batch) pending.offering = offering;
  let submissions: Submission[];
  try {
    submissions = await submit(
      deps,
      batch.map((pending) => pending.run),
    );
  } catch (error) {
    offering.end();
    await refuse(deps, batch, error);
    return;
  }
  const plans = follow(deps, batch, submissions);
  await deps.telling.last;
  deps.telling.last = publishPlans(deps, plans).then(() => offering.end());
}

/** Answers for what is committed. Returns what is to be told of it. */
function follow(deps: StartDeps, batch: Pending[], submissions: Submission[]): Plan[] {
  const plans: Plan[] = [];
  for (const [index, { run, plan, done }] of batch.entries()) {
    const submission = submissions[index] ?? { kind: 'created' };
    if (submission.kind === 'created' && plan) {
      plans.push(plan);
      if (leavesWork(plan.decision)) deps.goOn(plan.decision.head);
      deps.post(plan.decision.sentMail);
    }
    done(toResult({ run, plan }, submission));
  }
  return plans;
}

/** A submission whose commit is in doubt is sent again: its id and key make the second one find the first. */
async function submit(deps: StartDeps, runs: NewRun[]): Promise<Submission[]> {
  try {
    return await deps.runs.submit(runs);
  } catch (error) {
    if (!(error instanceof StoreError) || !error.outcomeUnknown) throw error;
    return deps.runs.submit(runs);
  }
}

/** One run that the store refuses must not take the others of its group with it. */
async function refuse(deps: CommitDeps, batch: Pending[], error: unknown): Promise<void> {
  const lasting = error instanceof StoreError && !error.transient;
  if (lasting && batch.length > 1) {
    const half = Math.ceil(batch.length / 2);
    await commit(deps, batch.slice(0, half));
    await commit(deps, batch.slice(half));
    return;
  }
  deps.log.error({ err: error, runs: batch.length }, 'runs could not be stored');
  for (const pending of batch) pending.done(asAppError(error));
}

function toResult({ run, plan }: Pick<Pending, 'run' | 'plan'>, submission: Submission): StartResult | AppError {
  if (submission.kind === 'created') {
    const status = plan?.decision.head.status ?? run.head.status;
    return { runId: run.head.id, created: true, status, fresh: freshRun(run, plan) };
  }
  if (submission.kind === 'existing') return { runId: submission.runId, created: false, status: null };
  const message = `this key has already started run ${submission.runId} with another request`;
  return new AppError('idempotency_conflict', message);
}

/** Null for a run that has ended or written state with its start, or has a budget: that is read like any other. */
function freshRun({ input, tags, budget }: NewRun, plan: Plan | null): FreshRun | null {
  const [started] = plan?.decision.steps ?? [];
  if (!plan || !started) return null;
  const { head, writes } = plan.decision;
  const isPlain = started.type === 'run_started' && writes.length === 0 && budget === null;
  return head.status === 'running' && isPlain ? { head, input, tags, createdAt: started.at } : null;
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const code = error instanceof StoreError && error.transient ? 'unavailable' : 'internal';
  return new AppError(code, 'the run could not be stored', { cause: error });
}
