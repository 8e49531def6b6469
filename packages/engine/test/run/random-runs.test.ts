import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { validateDocument } from '../../src/domain/index.ts';
import { env } from '../validate/documents.ts';
import { arbitraryDocument, arbitraryStory, input } from './arbitrary-workflow.ts';
import { drain, sendMail, tell } from './play-story.ts';
import { isLive } from '@weft/testing/rows';
import { Scenario } from './scenario.ts';

const RUNS = { numRuns: 150 };

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
