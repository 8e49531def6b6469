import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arbitraryEdits, edited } from './arbitrary-edits.ts';
import { arbitraryBatches, arbitraryGraph, input } from './arbitrary-graph.ts';
import { drain, moveOf, play, verifyEnd } from './graph-story.ts';
import { Scenario } from './scenario.ts';

const RUNS = { numRuns: 300 };

describe('any run that moves to an edited version of its workflow', () => {
  test('A5, B1, B2, B4, B8, C1: ends as any other does, if it fits; after each decision the rows verify', () => {
    const seen = { moved: 0, refused: 0 };
    fc.assert(
      fc.property(
        arbitraryGraph,
        arbitraryBatches,
        fc.array(fc.record({ at: fc.nat(12), edits: arbitraryEdits }), { minLength: 1, maxLength: 2 }),
        (document, batches, changes) => {
          const run = new Scenario(document, { input });
          let current = document;
          const migrate = (index: number): void => {
            for (const { at, edits } of changes) {
              if (at !== index) continue;
              const next = edited(current, edits);
              const mayMove = !run.hasEnded || run.status === 'failed';
              const fits = mayMove && run.misfits(next).length === 0;
              const moved = run.migrate(next);
              // What is said without the lock, of the journal alone, is what happens under it.
              expect(moved).toBe(fits);
              seen[moved ? 'moved' : 'refused'] += 1;
              if (moved) current = next;
            }
          };
          for (const [index, batch] of batches.entries()) {
            migrate(index);
            play(run, moveOf(run, batch, index));
          }
          for (let index = batches.length; index <= 12; index++) migrate(index);
          drain(run);
          verifyEnd(run);
          expect(run.errorCode).not.toBe('deadlock');
          expect(run.rows.mail).toEqual([]);
        },
      ),
      RUNS,
    );
    // Neither answer is given by chance only.
    expect(seen.moved).toBeGreaterThan(20);
    expect(seen.refused).toBeGreaterThan(20);
  });
});
