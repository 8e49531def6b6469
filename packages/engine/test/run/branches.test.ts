import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryBatches, arbitraryGraph, input } from './arbitrary-graph.ts';
import { arbitrarySteps as superstepGraphs } from './superstep/arbitrary-steps.ts';
import { drain, moveOf, play, verifyEnd } from './graph-story.ts';
import { completeStep, foldTo, mustBe } from '@weft/testing/rows';
import { Scenario } from './scenario.ts';

const RUNS = { numRuns: 120 };
/** Of both modes. */
const graphs: fc.Arbitrary<object> = fc.oneof(arbitraryGraph, superstepGraphs);
const arbitrarySteps = fc.array(fc.nat(9999), { minLength: 1, maxLength: 3, size: 'max' });

/** Any step of the run where it is complete; a run that had ended with it cannot go on from there. */
function anyStep(run: Scenario, choice: number): number | null {
  const steps = run.rows.steps.map(({ step }) => step);
  const step = completeStep(run.rows.steps, steps[choice % steps.length] ?? 1);
  const { status } = foldTo(run.rows.steps, step).progress.head;
  return status === 'succeeded' || status === 'cancelled' ? null : step;
}

/** Such a run is retried instead. */
function hasFailed(run: Scenario, step: number): boolean {
  return foldTo(run.rows.steps, step).progress.head.status === 'failed';
}

describe('a run that goes on from a step in its past', () => {
  test('C3, C1: however often, from whatever step, the rows verify after each decision, and it ends', () => {
    fc.assert(
      fc.property(graphs, arbitraryBatches, arbitrarySteps, (document, batches, choices) => {
        const run = new Scenario(document, { input });
        const half = Math.ceil(batches.length / 2);
        for (const [index, batch] of batches.slice(0, half).entries()) play(run, moveOf(run, batch, index));
        for (const [index, choice] of choices.entries()) {
          const step = anyStep(run, choice);
          const from = run.rows.steps.length;
          if (step !== null && !hasFailed(run, step)) run.replay(step, index === 1 ? [['total', 1]] : []);
          const replayed = run.rows.steps.slice(from).find(({ type }) => type === 'replayed');
          if (replayed) expect(replayed.parent).toBe(step);
          for (const [number, batch] of batches.slice(half).entries())
            play(run, moveOf(run, batch, 1000 * (index + 1) + number));
        }
        drain(run);
        verifyEnd(run);
        expect(run.errorCode).not.toBe('deadlock');
      }),
      RUNS,
    );
  });

  test('C4, C1: a fork of a fork of a fork, each at any step, verifies and ends, and leaves the run before it as it was', () => {
    fc.assert(
      fc.property(graphs, arbitraryBatches, arbitrarySteps, (document, batches, choices) => {
        let run = new Scenario(document, { input });
        const half = Math.ceil(batches.length / 2);
        for (const [index, batch] of batches.slice(0, half).entries()) play(run, moveOf(run, batch, index));
        for (const [index, choice] of choices.entries()) {
          const step = anyStep(run, choice);
          if (step === null) return;
          const before = structuredClone(run.rows.tasks);
          const fork = run.fork(step, { updates: index === 1 ? [['total', 1]] : [] });
          expect(run.rows.tasks).toEqual(before);
          expect(fork.rows.steps[0]).toMatchObject({ type: 'forked', step: step + 1, parent: 0 });
          for (const [number, batch] of batches.slice(half).entries())
            play(fork, moveOf(fork, batch, 1000 * (index + 1) + number));
          run = fork;
        }
        drain(run);
        verifyEnd(run);
        expect(run.errorCode).not.toBe('deadlock');
      }),
      RUNS,
    );
  });

  test('guarantee 7: a fork and a replay begin with the state, the tasks and the counters of their checkpoint', () => {
    fc.assert(
      fc.property(graphs, arbitraryBatches, fc.nat(9999), (document, batches, choice) => {
        const run = new Scenario(document, { input });
        for (const [index, batch] of batches.entries()) play(run, moveOf(run, batch, index));
        const step = anyStep(run, choice);
        if (step === null || hasFailed(run, step)) return;
        const then = foldTo(run.rows.steps, step).progress;
        const fork = new Scenario(document, { fork: { from: run, step } });
        const begun = foldTo(fork.rows.steps, step + 1).progress;
        expect([...begun.joins]).toEqual([...then.joins]);
        expect([...begun.tasks.keys()]).toEqual([...then.tasks.keys()]);
        for (const [key, task] of then.tasks) {
          const live = ['ready', 'waiting'].includes(task.status);
          const after = begun.tasks.get(key);
          if (!live) expect(after).toEqual(task);
          else mustBe(after?.status === 'ready' || after?.status === 'waiting', `${key} is not live any more`);
        }
        const { generations, jumps, failed, openJoins, kept } = then.head;
        expect(begun.head).toMatchObject({ generations, jumps, failed, openJoins, kept });
      }),
      RUNS,
    );
  });
});
