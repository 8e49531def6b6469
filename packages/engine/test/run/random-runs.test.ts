import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MailKind, RunEvent, TaskRecord } from '../../src/domain/index.ts';
import { validateDocument } from '../../src/domain/index.ts';
import { env } from '../validate/documents.ts';
import { type Action, arbitraryDocument, arbitraryStory, input } from './arbitrary-workflow.ts';
import { isLive } from './run-rows.ts';
import { Scenario } from './scenario.ts';

const RUNS = { numRuns: 150 };

type Story = { blind: boolean; batches: { mail: number; actions: Action[] }[] };

describe('any workflow, whatever happens to its run', () => {
  test('is valid, so that what follows is about real documents', () => {
    fc.assert(
      fc.property(arbitraryDocument, (document) => {
        expect(validateDocument(document, env).issues.filter(({ code }) => code !== 'unreachable_node')).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  test('A5, A11, B8, C1: ends; after each decision the journal folds to the live rows, and nothing is settled twice', () => {
    fc.assert(
      fc.property(arbitraryDocument, arbitraryStory, (document, story) => {
        const run = new Scenario(document, { input, blind: story.blind });
        for (const batch of story.batches) tell(run, batch);
        drain(run);
        expect(run.hasEnded).toBe(true);
      }),
      RUNS,
    );
  });

  test('C1: a batch of events gives the same rows as its events one at a time', () => {
    fc.assert(
      fc.property(arbitraryDocument, arbitraryStory, (document, story) => {
        const batched = new Scenario(document, { input, blind: story.blind });
        const single = new Scenario(document, { input });
        for (const batch of story.batches) {
          const events = tell(batched, batch);
          single.now = batched.now;
          sendMail(single, batch.mail);
          for (const event of events) single.settle(event);
          single.run({ type: 'advance' });
          expect(picture(single)).toEqual(picture(batched));
        }
      }),
      RUNS,
    );
  });

  test('A7: the input of a task is the same for all attempts of an epoch', () => {
    fc.assert(
      fc.property(arbitraryDocument, arbitraryStory, (document, story) => {
        const run = new Scenario(document, { input });
        const inputs = new Map<string, unknown>();
        for (const batch of story.batches) {
          for (const { node, epoch, lane, status } of run.rows.newestTasks()) {
            if (lane === null || !isLive(status) || run.hasEnded) continue;
            const name = `${node} ${epoch} ${run.rows.head.epoch}`;
            if (inputs.has(name)) expect(run.input(node)).toEqual(inputs.get(name));
            else inputs.set(name, run.input(node));
          }
          tell(run, batch);
        }
      }),
      RUNS,
    );
  });

  test('a run that only succeeds runs each node at most once and leaves no row behind that waits', () => {
    fc.assert(
      fc.property(arbitraryDocument, (document) => {
        const run = new Scenario(document, { input });
        drain(run);
        expect(new Set(run.claims.map(({ key }) => key)).size).toBe(run.claims.length);
        expect(run.rows.newestTasks().filter(({ status }) => isLive(status))).toEqual([]);
        expect(run.rows.mail).toEqual([]);
        expect([...run.rows.timers.keys()]).toEqual([]);
      }),
      RUNS,
    );
  });
});

/** Plays one batch in one decision, with the transactions that follow from it; returns its events. */
function tell(run: Scenario, { mail, actions }: Story['batches'][number]): RunEvent[] {
  sendMail(run, mail);
  const events = actions.map((action) => eventOf(run, action)).filter((event) => event !== null);
  run.settle(...events);
  run.run({ type: 'advance' });
  return events;
}

function sendMail(run: Scenario, choice: number): void {
  const kind: MailKind | undefined = choice === 0 ? 'cancel' : choice < 8 ? 'retry' : undefined;
  if (kind) run.rows.send(kind);
}

function eventOf(run: Scenario, { what, pick, value }: Action): RunEvent | null {
  if (what === 'timer' || what === 'early') return timerEvent(run, pick, what);
  const live = run.rows.newestTasks().filter(({ status, lane }) => lane !== null && isLive(status));
  const task: TaskRecord | undefined = live[pick % Math.max(live.length, 1)];
  const claim = run.claims[pick % Math.max(run.claims.length, 1)];
  if (what === 'late') {
    if (!claim) return null;
    const usage = { inputTokens: value, outputTokens: 1, usd: 0 };
    return { type: 'outcome', outcome: { kind: 'succeeded', output: 'late', usage }, worker: 'w2', ...claim };
  }
  if (!task) return null;
  if (what === 'succeed') return run.success(task.node, { value });
  if (what === 'update') return run.success(task.node, value, { stateUpdates: updates(value) });
  if (what === 'fail') return run.failure(task.node);
  if (what === 'failRetryable') return run.failure(task.node, { retryable: true });
  return { type: 'released', reason: what, ...run.claim(task.node) };
}

function updates(value: number): { [key: string]: never } | { [key: string]: string | number | { v: number } } {
  if (value === 0) return { nowhere: 1 };
  if (value === 1) return { total: 'not a number' };
  return { total: value, log: `l${value}`, last: value, seen: { v: value }, scratch: value };
}

/** `timer`: when it is due; `early`: of an attempt that has passed, or before its time. */
function timerEvent(run: Scenario, pick: number, what: 'timer' | 'early'): RunEvent | null {
  const timers = Array.from(run.rows.timers.values());
  const timer = timers[pick % Math.max(timers.length, 1)];
  if (!timer) return null;
  const { key, kind, attempt, dueAt } = timer;
  if (what === 'early') return { type: 'timer', key, kind, attempt: kind === 'queue' ? attempt : attempt - 1 };
  run.now = Math.max(run.now, dueAt);
  return { type: 'timer', key, kind, attempt };
}

/** Lets all that is live succeed, in order; bounded by the number of nodes. */
function drain(run: Scenario): void {
  run.goOn();
  for (let round = 0; round < 100 && !run.hasEnded; round++) {
    for (const timer of run.rows.timers.values()) {
      if (timer.kind !== 'retry') continue;
      run.now = Math.max(run.now, timer.dueAt);
      run.run({ type: 'timer', ...timer });
    }
    const ready = run.rows.newestTasks().filter(({ status, lane }) => lane !== null && status === 'ready');
    run.run(...ready.map(({ node }) => run.success(node)));
  }
}

/** All rows of a run, as far as it goes on from them. */
function picture({ rows }: Scenario): object {
  const byKey = <T extends { key: string }>(list: T[]) => list.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  return {
    head: rows.head,
    steps: rows.steps,
    tasks: byKey(rows.newestTasks()),
    joins: byKey(Array.from(rows.joins.values())),
    writes: rows.writes,
    timers: byKey(Array.from(rows.timers.values())),
    usage: Array.from(rows.usage.keys()).toSorted(),
    mail: rows.mail,
    ending: rows.ending,
  };
}
