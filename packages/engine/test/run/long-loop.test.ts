import type { Json, WorkflowDocument } from '@weft/contract';
import { expect, test } from 'vitest';
import {
  addSettleReads,
  compileGraph,
  decide,
  emptyParts,
  freshHead,
  mergeReads,
  noReads,
  startRun,
} from '../../src/domain/index.ts';
import type { Decision, JoinRecord, Reads, RunHead, RunSnapshot, TaskRecord } from '../../src/domain/index.ts';
import { RunMemory } from '../../src/runtime/run-memory.ts';
import { echo } from '../validate/documents.ts';

const ITERATIONS = 10_000;
const NOW = Date.UTC(2026, 0, 1);
const ref = { tenant: 'acme', name: 'loop', version: 1 };
const document = {
  name: 'loop',
  maxSteps: ITERATIONS + 1,
  nodes: {
    outside: echo,
    work: echo,
    side: { ...echo, needs: ['work'], with: '${outside}' },
    other: { ...echo, needs: ['work', 'outside'], join: 'any' },
    again: { type: 'route', on: 'nodes.side', routes: { yes: 'work', no: 'last' }, needs: ['side', 'other'] },
    last: echo,
  },
  edges: [
    ['__start__', 'outside'],
    ['__start__', 'work'],
  ],
};

/** Rows without the checks of a scenario, which looks at the whole journal after each decision. */
class LeanRun {
  readonly graph = compileGraph(ref, document as unknown as WorkflowDocument);
  readonly memory = new RunMemory();
  readonly #tasks = new Map<string, TaskRecord>();
  readonly #joins = new Map<string, JoinRecord>();
  head: RunHead = freshHead({ id: '019b76da-a800-7000-8000-000000000000', workflow: ref, priority: 2 });

  constructor() {
    this.#apply(startRun(this.graph, { head: this.head, body: { input: {}, config: {} }, now: NOW }));
  }

  /** Returns what the settle has looked at and written, in rows. */
  settle(key: string, output: Json): number[] {
    const reads = noReads();
    addSettleReads(reads, this.graph, key);
    const task = this.#tasks.get(key);
    const { epoch: runEpoch } = this.head;
    const claim = { key, taskEpoch: task?.epoch ?? 0, runEpoch, attempt: task?.attempt ?? 0 };
    const events = [{ type: 'outcome', outcome: { kind: 'succeeded', output }, worker: 'w', ...claim }] as const;
    for (let rounds = 1; rounds < 9; rounds++) {
      const snapshot = this.#load(reads);
      const verdict = decide(this.graph, { snapshot, events, now: NOW });
      if (verdict.kind === 'needs') mergeReads(reads, verdict.reads);
      else return [rounds, ...this.#learn(snapshot, verdict.decision)];
    }
    throw new Error('the decision keeps asking for more');
  }

  #learn(snapshot: RunSnapshot, decision: Decision): number[] {
    const looked = [snapshot.tasks.size, snapshot.joins.size, snapshot.reads.tasks.size, snapshot.reads.joins.size];
    this.#apply(decision);
    const plan = { decision, offered: new Set<string>() };
    this.memory.learn(this.graph, { kind: 'settled', plan, snapshot, asRemembered: false });
    const facts = decision.steps.flatMap(({ facts: { tasks = [], joins = [], jumps } }) => [
      ...tasks,
      ...joins,
      ...Object.keys(jumps?.heads ?? {}),
      ...Object.keys(jumps?.latest ?? {}),
    ]);
    return [...looked, decision.tasks.length, decision.joins.length, decision.steps.length, facts.length];
  }

  #load(reads: Reads): RunSnapshot {
    const pick = <Row>(rows: Map<string, Row>, keys: Set<string>): Map<string, Row> =>
      new Map(Array.from(keys).flatMap((key) => (rows.has(key) ? [[key, rows.get(key) as Row]] : [])));
    const parts = { tasks: pick(this.#tasks, reads.tasks), joins: pick(this.#joins, reads.joins) };
    return { ...emptyParts(reads), ...parts, head: this.head, body: { input: {}, config: {} } };
  }

  #apply({ head, tasks, joins }: Decision): void {
    this.head = head;
    for (const task of tasks) this.#tasks.set(task.key, task);
    for (const join of joins) this.#joins.set(join.key, join);
  }
}

test('B10: an iteration of a loop looks at and writes as many rows after 10,000 as at first', () => {
  const run = new LeanRun();
  run.settle('outside#0', 'x');
  const costs = Array.from({ length: ITERATIONS }, (_, index) => [
    ...run.settle(`work#${index}`, null),
    ...run.settle(`other#${index}`, null),
    ...run.settle(`side#${index}`, index < ITERATIONS - 1 ? 'yes' : 'no'),
  ]);

  expect(run.head.generations).toBe(ITERATIONS - 1);
  expect(costs[ITERATIONS - 2]).toEqual(costs[2]);
  expect(Math.max(...(costs[2] ?? []))).toBeLessThan(10);
  const known = run.memory.recall(run.graph, run.head.id, undefined);
  expect((known?.reads.tasks.size ?? 0) + (known?.reads.joins.size ?? 0)).toBeLessThan(40);
});
