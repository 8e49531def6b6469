/** The pure engine by itself: runs of W2's shape decided in this process, on rows in memory. */
import { compileGraph, decide, emptyParts, freshHead, noReads, startRun } from '@weft/engine/domain';
import type { Decision, Graph, RunEvent, RunSnapshot, TaskRecord } from '@weft/engine/domain';

import { fan } from '../mesh/documents.ts';
import { FAN } from '../mesh/side.ts';

/** Outcomes of one run that are settled together, as in a batch of a busy worker. */
const BATCH = 8;
const WARM_MS = 3000;
const NOW = Date.UTC(2026, 0, 1);

/** In a second of CPU: outcomes settled, and tasks armed or settled, which is what the facts of the journal say. */
export type EngineRate = { outcomes: number; transitions: number };

type Count = EngineRate;

export function engineRate(seconds: number): EngineRate {
  const graph = compileGraph({ tenant: 'bench', name: 'fan', version: 1 }, fan(FAN));
  const count: Count = { outcomes: 0, transitions: 0 };
  if (runs === 0) warmUp(graph);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  while (performance.now() - startedAt < seconds * 1000) runOnce(graph, count);
  const { user, system } = process.cpuUsage(cpuBefore);
  const cpu = (user + system) / 1e6;
  return { outcomes: count.outcomes / cpu, transitions: count.transitions / cpu };
}

/** V8 takes seconds until it has optimised what is run all the time. */
function warmUp(graph: Graph): void {
  const startedAt = performance.now();
  while (performance.now() - startedAt < WARM_MS) runOnce(graph, { outcomes: 0, transitions: 0 });
}

function runOnce(graph: Graph, count: Count): void {
  runs += 1;
  const id = `01890000-0000-7000-8000-${runs.toString(16).padStart(12, '0')}`;
  const body = { input: {}, config: {} };
  const head = freshHead({ id, workflow: graph.ref, priority: 2 });
  let snapshot: RunSnapshot = { ...emptyParts({ ...noReads(), everything: true }), head, body };
  const started = startRun(graph, { head, body, now: NOW });
  snapshot = apply(snapshot, started);
  const ready = started.ready.slice();
  count.transitions += factsOf(started);
  while (ready.length > 0) {
    const events = ready.splice(0, BATCH).map(success);
    const verdict = decide(graph, { snapshot, now: NOW, events });
    if (verdict.kind === 'needs') throw new Error('the decision needs more than there is');
    snapshot = apply(snapshot, verdict.decision);
    ready.push(...verdict.decision.ready);
    count.outcomes += events.length;
    count.transitions += factsOf(verdict.decision);
  }
}

function factsOf({ steps }: Decision): number {
  let facts = 0;
  for (const step of steps) facts += step.facts.tasks?.length ?? 0;
  return facts;
}

/** A store of one run, in memory: what has settled is not looked at again in this shape. */
function apply(snapshot: RunSnapshot, { head, tasks, joins }: Decision): RunSnapshot {
  for (const task of tasks) {
    if (task.settledStep === null) snapshot.tasks.set(task.key, task);
    else snapshot.tasks.delete(task.key);
  }
  for (const join of joins) snapshot.joins.set(join.key, join);
  return { ...snapshot, head, reads: SEEN };
}

/** What is not there does not exist. */
const SEEN = { ...noReads(), allJoins: true, tasks: { has: () => true } as unknown as Set<string> };
let runs = 0;

function success({ key, epoch, attempt }: TaskRecord): RunEvent {
  const outcome = { kind: 'succeeded', output: null } as const;
  return { type: 'outcome', worker: 'bench', ranMs: 1, outcome, key, taskEpoch: epoch, runEpoch: 0, attempt };
}
