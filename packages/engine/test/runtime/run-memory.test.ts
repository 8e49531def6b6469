import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { decide, noReads } from '../../src/domain/index.ts';
import type { Decision, RunEvent, RunSnapshot } from '../../src/domain/index.ts';
import { messagesOf } from '../../src/runtime/messages.ts';
import { RunMemory } from '../../src/runtime/run-memory.ts';
import { arbitraryDocument, input } from '../run/arbitrary-workflow.ts';
import { Scenario } from '../run/scenario.ts';

/** A run whose every settle is decided twice, on what is remembered and on what is read. */
class Remembered {
  readonly run: Scenario;
  readonly memory = new RunMemory();
  /** Decisions that memory was enough for. */
  hits = 0;

  constructor(document: unknown) {
    this.run = new Scenario(document, { input });
  }

  /** Gives what was remembered before, and settles. */
  settle(events: RunEvent[]): void {
    const { graph, rows, last, now } = this.run;
    const [message] = messagesOf(last);
    const known = this.memory.recall(rows.head.id, message);
    const before = known && structuredClone(known);
    const verdict = known && decide(graph, { snapshot: known, events, now });
    const isHit = verdict?.kind === 'decided' && verdict.decision.applied.every(Boolean);
    const snapshot = isHit && known ? known : seen(this.run);
    const decision = this.run.settle(...events);
    if (isHit) {
      this.hits += 1;
      expect(known).toEqual(before);
      expect(comparable(verdict.decision)).toEqual(comparable(decision));
    }
    const plan = { decision: isHit ? verdict.decision : decision, offered: new Set<string>() };
    this.memory.learn(graph, { kind: 'settled', plan, snapshot, asRemembered: isHit });
  }
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

test('A8: a run that others settle as well is read, until they leave it alone', () => {
  const chain = { a: {}, b: { needs: ['a'] }, c: { needs: ['b'] }, d: { needs: ['c'] } };
  const nodes = Object.fromEntries(
    Object.entries(chain).map(([name, node]) => [name, { type: 'task', uses: 'echo', ...node }]),
  );
  const both = new Remembered({ name: 'chain', nodes });
  const { run, memory } = both;
  both.settle([run.success('a')]);
  expect(memory.recall(run.rows.head.id, undefined)).not.toBeNull();

  run.succeed('b');
  both.memory.learn(run.graph, settledOf(seen(run), run.settle(run.success('c'))));
  expect(memory.recall(run.rows.head.id, undefined)).toBeNull();

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
  expect(memory.recall(run.rows.head.id, undefined)).toBeNull();
  both.settle([run.success('b')]);
  expect(run.hasEnded).toBe(true);
  expect(memory.recall(run.rows.head.id, undefined)).toBeNull();
});

function settledOf(snapshot: RunSnapshot, decision: Decision) {
  return { kind: 'settled', plan: { decision, offered: new Set<string>() }, snapshot, asRemembered: false } as const;
}
