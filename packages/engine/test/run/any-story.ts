/** What holds of any workflow, whatever happens to its run. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { arbitraryBatches, input } from './arbitrary-graph.ts';
import { drain, moveOf, picture, play, verifyEnd } from './graph-story.ts';
import { Scenario } from './scenario.ts';

type Stories = { documents: fc.Arbitrary<unknown>; rules: string; runs: { numRuns: number } };

/** `rules`: those that are proven by runs that end. */
export function holdsOfAnyStory({ documents, rules, runs }: Stories): void {
  test(`${rules}: ends; after each decision the rows verify, and nothing is left behind`, () => {
    fc.assert(
      fc.property(documents, arbitraryBatches, fc.boolean(), (document, batches, isChild) => {
        const run = new Scenario(document, { input, isChild });
        for (const [index, batch] of batches.entries()) play(run, moveOf(run, batch, index));
        drain(run);
        verifyEnd(run);
        expect(run.errorCode).not.toBe('deadlock');
      }),
      runs,
    );
  });

  test('A8: a decision that must ask for all it reads is the same', () => {
    fc.assert(
      fc.property(documents, arbitraryBatches, (document, batches) => {
        const blind = new Scenario(document, { input, blind: true });
        const informed = new Scenario(document, { input });
        for (const [index, batch] of batches.entries()) {
          const move = moveOf(informed, batch, index);
          blind.now = informed.now;
          play(informed, move);
          play(blind, move);
        }
        expect(picture(blind)).toEqual(picture(informed));
      }),
      runs,
    );
  });

  test('C1: a batch of events gives the same rows as its events one at a time', () => {
    fc.assert(
      fc.property(documents, arbitraryBatches, (document, batches) => {
        const batched = new Scenario(document, { input });
        const single = new Scenario(document, { input });
        for (const [index, batch] of batches.entries()) {
          const { mail, events } = moveOf(batched, batch, index);
          single.now = batched.now;
          play(batched, { mail, events: [] });
          play(single, { mail, events: [] });
          const goesOn = batched.settle(...events).goesOn;
          batched.goOn();
          for (const event of events) single.run(event);
          // Of very many inline nodes some wait for the next transaction, behind what comes in between.
          if (goesOn) return;
          expect(picture(single)).toEqual(picture(batched));
        }
      }),
      runs,
    );
  });
}
