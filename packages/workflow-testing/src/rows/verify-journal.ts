/** What must hold of a run's journal, step by step. */
import { applyStep, emptyProgress, isStale, LIVE_TASK, ownerOf, rootOf } from '@weft/engine/domain';
import type { Facts, Graph, Progress, StepRecord, TaskFact } from '@weft/engine/domain';
import { firstVersion, foldTo } from './past-rows.ts';
import type { Rows } from './past-rows.ts';
import { mustBe } from './values.ts';

type JoinFact = NonNullable<Facts['joins']>[number];

/** Throws the first thing that is wrong. */
export function verifyJournal(versions: ReadonlyMap<number, Graph>, rows: Pick<Rows, 'head' | 'steps'>): void {
  const { steps } = rows;
  let progress = emptyProgress();
  for (const step of steps) {
    if (step.parent !== progress.head.step) progress = foldTo(steps, step.parent).progress;
    const graph = versions.get(progress.version ?? firstVersion(rows));
    if (!graph) throw new Error(`step ${step.step} is of an unknown version`);
    const takenBack = new Set<string>();
    for (const fact of step.facts.tasks ?? []) {
      if (!takenBack.has(fact.key)) verifyTask(progress, step, fact);
      if (fact.status === 'pending') takenBack.add(fact.key);
    }
    if (step.key !== null && isPast(graph, progress, step)) verifyStale(graph, step, step.key);
    applyStep(progress, step);
    if (step.facts.run?.status === 'succeeded') verifySuccess(progress, step);
  }
}

/** In superstep mode a route that is done again, in a run that had ended without it, leads on from wherever it stands. */
function isPast(graph: Graph, { head }: Progress, { key, attempt }: StepRecord): boolean {
  if (key === null) return false;
  const isRoute = graph.nodes.get(rootOf(key).node)?.type === 'route';
  if (graph.superstep && isRoute && attempt !== null && attempt > 1) return false;
  return isStale(graph, head.jumps, key);
}

/** What has ended stays so, unless a retry takes it up again, and no attempt is handed out twice. */
function verifyTask({ tasks }: Progress, { step, type }: StepRecord, { key, status, attempt }: TaskFact): void {
  const before = tasks.get(key);
  if (!before) {
    mustBe(status !== 'pending', `step ${step} takes ${key} back, which was not armed`);
    return;
  }
  const isLive = LIVE_TASK.has(before.status);
  const takesUp =
    type === 'retried' || type === 'replayed' || (type === 'migrated' && status === 'pending') || type === 'discarded';
  mustBe(isLive || takesUp, `step ${step} (${type}) makes ${key} ${status}, which was ${before.status}`);
  mustBe(
    status === 'pending' || type === 'replayed' || attempt >= before.attempt,
    `step ${step} lets the attempt of ${key} fall`,
  );
}

/**
 * B4: what a loop has gone back over arms nothing: its step is about itself, and about the count of its send. A deferred node is
 * armed in whichever step is the last before the run is quiet.
 */
function verifyStale(graph: Graph, { step, type, facts }: StepRecord, key: string): void {
  const isDeferred = (name: string): boolean => graph.deferred.includes(rootOf(name).node);
  const others = (facts.tasks ?? []).filter((fact) => fact.key !== key && !isDeferred(fact.key));
  mustBe(others.length === 0, `step ${step} (${type}) of ${key}, which is past, touches ${others[0]?.key}`);
  const counts = [`${key}[]`, `${ownerOf(key)?.send}[]`];
  // Sends that a retry takes up together end one behind the other, each in the step of the one before.
  const isClosed = ([name, , , , fired]: JoinFact): boolean => name.endsWith('[]') && fired === 1;
  const join = (facts.joins ?? []).find((one) => !counts.includes(one[0]) && !isDeferred(one[0]) && !isClosed(one));
  mustBe(join === undefined, `step ${step} (${type}) of ${key}, which is past, counts for ${join?.[0]}`);
}

function verifySuccess({ tasks }: Progress, { step }: StepRecord): void {
  const left = Array.from(tasks).find(([, { status }]) => LIVE_TASK.has(status));
  mustBe(left === undefined, `step ${step} ends the run, and leaves ${left?.[0]}`);
}
