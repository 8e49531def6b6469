import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { decide, noReads } from '../../src/domain/index.ts';
import type { Decision, RunEvent, RunSnapshot } from '../../src/domain/index.ts';
import { messagesOf } from '../../src/runtime/messages.ts';
import { RunMemory } from '../../src/runtime/run-memory.ts';
import { arbitraryBatches, arbitraryGraph, input } from '../run/arbitrary-graph.ts';
import type { Batch } from '../run/arbitrary-graph.ts';
import { arbitraryDocument } from '../run/arbitrary-workflow.ts';
import { moveOf } from '../run/graph-story.ts';
import { Scenario } from '../run/scenario.ts';
import { arbitrarySteps } from '../run/superstep/arbitrary-steps.ts';

/** A run whose every settle is decided twice, on what is remembered and on what is read. */
class Remembered {
  readonly run: Scenario;
  readonly memory = new RunMemory();
  /** Decisions that memory was enough for. */
  hits = 0;
  readonly #seesAll: boolean;

  /** `seesAll`: what is read is read whole, so that as much as possible is remembered. */
  constructor(document: unknown, { seesAll = true }: { seesAll?: boolean } = {}) {
    this.run = new Scenario(document, { input });
    this.#seesAll = seesAll;
  }

  /** Settles by reading, as for mail, and whatever the decision asks for next. */
  read(events: RunEvent[]): void {
    this.#read(events);
    while (this.run.last.goesOn || this.run.last.closes || this.run.last.sentMail.some(({ to }) => to === null))
      this.#read([{ type: 'advance' }]);
  }

  #read(events: RunEvent[]): void {
    const whole = seen(this.run);
    this.#learn(this.run.settle(...events), whole);
  }

  #learn(decision: Decision, whole: RunSnapshot): void {
    const { graph, seen: part } = this.run;
    const snapshot = this.#seesAll ? whole : part;
    if (!snapshot) throw new Error('nothing was seen');
    const plan = { decision, offered: new Set<string>() };
    this.memory.learn(graph, { kind: 'settled', plan, snapshot: copyOf(snapshot), asRemembered: false });
  }

  /** Gives what was remembered before, and settles. */
  settle(events: RunEvent[]): void {
    const { graph, rows, last, now } = this.run;
    const [message] = messagesOf(last);
    const known = this.memory.recall(graph, rows.head.id, message);
    const before = known && structuredClone(known);
    const verdict = known && decide(graph, { snapshot: known, events, now });
    const isHit = verdict?.kind === 'decided' && verdict.decision.applied.every(Boolean);
    const whole = seen(this.run);
    const decision = this.run.settle(...events);
    if (isHit) {
      this.hits += 1;
      expect(known).toEqual(before);
      expect(comparable(verdict.decision)).toEqual(comparable(decision));
    }
    if (!isHit || !known) return this.#learn(decision, whole);
    const plan = { decision: verdict.decision, offered: new Set<string>() };
    this.memory.learn(graph, { kind: 'settled', plan, snapshot: known, asRemembered: true });
  }
}

/** As a store gives it: nobody else holds its rows. */
function copyOf(snapshot: RunSnapshot): RunSnapshot {
  return structuredClone(snapshot);
}

/** All that a settle could have loaded. */
function seen({ rows }: Scenario): RunSnapshot {
  return structuredClone(rows.load(everything()));
}

function everything(): Parameters<Scenario['rows']['load']>[0] {
  return { ...noReads(), body: true, everything: true };
}

/** What a task reads of the state stands in its row and is not remembered. */
function comparable({ tasks, ready, armed, ...decision }: Decision): object {
  return {
    ...decision,
    armed: [...armed],
    ready: ready.map(({ key }) => key),
    tasks: tasks.map((task) => ({ ...task, captured: null })),
  };
}

test('A8: a run is decided as it is remembered exactly as when it is read', () => {
  let hits = 0;
  fc.assert(
    fc.property(arbitraryDocument, fc.array(fc.nat(), { maxLength: 40 }), (document, picks) => {
      const both = new Remembered(document);
      for (const pick of picks) {
        const { run } = both;
        run.goOn();
        if (run.hasEnded) break;
        const ready = run.rows.newestTasks().filter(({ status, lane }) => lane !== null && status === 'ready');
        const task = ready[pick % Math.max(1, ready.length)];
        if (!task) break;
        const fails = pick % 7 === 0;
        both.settle([
          fails ? run.failure(task.node, { retryable: pick % 2 === 0 }) : run.success(task.node, { value: pick }),
        ]);
      }
      hits += both.hits;
    }),
    { numRuns: 200 },
  );
  expect(hits).toBeGreaterThan(20);
});

/** Mail now and then, and no event that the fence refuses: those are read. */
function mostlyCurrent({ letters, actions }: Batch, index: number): Batch {
  const current = actions.filter(({ what }) => what !== 'late' && what !== 'early').slice(0, 2);
  return { letters: index % 4 === 3 ? letters.filter(({ what }) => what !== 'cancel') : [], actions: current };
}

test.each([
  ['dataflow', arbitraryGraph],
  ['superstep', arbitrarySteps],
])('A8: so is a run with loops, sends, waits, questions and children, in the mode %s', (_, documents) => {
  let hits = 0;
  fc.assert(
    fc.property(documents as fc.Arbitrary<object>, arbitraryBatches, fc.boolean(), (document, batches, seesAll) => {
      const both = new Remembered(document, { seesAll });
      for (const [index, batch] of batches.entries()) {
        const { mail, events } = moveOf(both.run, mostlyCurrent(batch, index), index);
        for (const { kind, payload, id } of mail) both.run.rows.send(kind, payload, id);
        if (mail.length > 0 || index === 0) both.read([{ type: 'advance' }]);
        if (events.length > 0) both.settle(events);
        if (both.run.last.goesOn || both.run.last.sentMail.length > 0) both.read([{ type: 'advance' }]);
      }
      hits += both.hits;
    }),
    { numRuns: 200 },
  );
  expect(hits).toBeGreaterThan(20);
});

test('A8: a run that others settle as well is read, until they leave it alone', () => {
  const chain = { a: {}, b: { needs: ['a'] }, c: { needs: ['b'] }, d: { needs: ['c'] } };
  const nodes = Object.fromEntries(
    Object.entries(chain).map(([name, node]) => [name, { type: 'task', uses: 'echo', ...node }]),
  );
  const both = new Remembered({ name: 'chain', nodes });
  const { run, memory } = both;
  both.settle([run.success('a')]);
  expect(memory.recall(run.graph, run.rows.head.id, undefined)).not.toBeNull();

  run.succeed('b');
  both.memory.learn(run.graph, settledOf(seen(run), run.settle(run.success('c'))));
  expect(memory.recall(run.graph, run.rows.head.id, undefined)).toBeNull();

  both.settle([run.success('d')]);
  expect(both.hits).toBe(1);
});

test('a run that has ended, or whose commit is in doubt, is forgotten', () => {
  const both = new Remembered({
    name: 'two',
    nodes: { a: { type: 'task', uses: 'echo' }, b: { type: 'task', uses: 'echo' } },
  });
  const { run, memory } = both;
  both.settle([run.success('a')]);
  memory.forget([run.rows.head.id]);
  expect(memory.recall(run.graph, run.rows.head.id, undefined)).toBeNull();
  both.settle([run.success('b')]);
  expect(run.hasEnded).toBe(true);
  expect(memory.recall(run.graph, run.rows.head.id, undefined)).toBeNull();
});

function settledOf(snapshot: RunSnapshot, decision: Decision) {
  return { kind: 'settled', plan: { decision, offered: new Set<string>() }, snapshot, asRemembered: false } as const;
}

test('B4: a loop is decided on what is remembered, iteration after iteration', () => {
  const run = new Scenario({
    name: 'loop',
    state: { n: { type: 'number', reducer: 'add', default: 0 } },
    nodes: {
      work: { type: 'task', uses: 'echo', output: 'n' },
      count: { type: 'transform', updates: {}, needs: ['work'] },
      again: { type: 'route', on: 'state.n < 100.0', routes: { true: 'work', false: '__end__' }, needs: ['count'] },
    },
  });
  const memory = new RunMemory();
  const { graph } = run;
  for (let iteration = 0; iteration < 10; iteration++) {
    const event = run.success('work', 1);
    const remembered = memory.recall(graph, run.rows.head.id, undefined);
    const verdict = remembered ? decide(graph, { snapshot: remembered, events: [event], now: run.now }) : null;
    if (iteration > 0) expect(verdict?.kind).toBe('decided');
    const decision = run.settle(event);
    const plan = { decision, offered: new Set<string>() };
    const snapshot = remembered ?? run.seen;
    if (!snapshot) throw new Error('nothing was seen');
    memory.learn(graph, { kind: 'settled', plan, snapshot, asRemembered: remembered !== null });
  }
  expect(run.rows.head.generations).toBe(10);
});
