/** The pure engine by itself: runs of W2's shape decided in this process, on what is remembered, without any store. */
import { compileGraph, decide, emptyParts, freshHead, makeUuidV7, noReads, startRun } from '@weft/engine/domain';
import type { Decision, Graph, RunEvent, RunSnapshot, TaskRecord } from '@weft/engine/domain';
import { RunMemory } from '@weft/engine/runtime';

import { fan } from '../mesh/documents.ts';
import { FAN } from '../mesh/side.ts';

/** Outcomes of one run that are settled together, as in a batch of a busy worker. */
const BATCH = 8;
const NOW = Date.UTC(2026, 0, 1);

/** Outcomes settled in a second of CPU, and in one of the clock. */
export type EngineRate = { cpu: number; clock: number };

export function engineRate(seconds: number): EngineRate {
  const graph = compileGraph({ tenant: 'bench', name: 'fan', version: 1 }, fan(FAN));
  for (let n = 0; n < 500; n++) runOnce(graph);
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  let count = 0;
  while (performance.now() - startedAt < seconds * 1000) count += runOnce(graph);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpu: count / ((user + system) / 1e6), clock: count / ((performance.now() - startedAt) / 1000) };
}

function runOnce(graph: Graph): number {
  const id = makeUuidV7(NOW, crypto.getRandomValues(new Uint8Array(10)));
  const head = freshHead({ id, workflow: graph.ref, priority: 2 });
  const body = { input: {}, config: {} };
  const memory = new RunMemory();
  const learn = (decision: Decision, snapshot: RunSnapshot): void =>
    memory.learn(graph, { kind: 'settled', plan: { decision, offered: new Set() }, snapshot, asRemembered: true });
  const started = startRun(graph, { head, body, now: NOW });
  learn(started, { ...emptyParts({ ...noReads(), everything: true }), head, body });
  const ready = started.ready.slice();
  let count = 0;
  while (ready.length > 0) {
    const events = ready.splice(0, BATCH).map(success);
    const snapshot = memory.recall(id, undefined);
    if (!snapshot) throw new Error('the run was forgotten');
    const verdict = decide(graph, { snapshot, now: NOW, events });
    if (verdict.kind === 'needs') throw new Error('the decision needs more than is remembered');
    learn(verdict.decision, snapshot);
    ready.push(...verdict.decision.ready);
    count += events.length;
  }
  return count;
}

function success({ key, epoch, attempt }: TaskRecord): RunEvent {
  const outcome = { kind: 'succeeded', output: null } as const;
  return { type: 'outcome', worker: 'bench', ranMs: 1, outcome, key, taskEpoch: epoch, runEpoch: 0, attempt };
}
