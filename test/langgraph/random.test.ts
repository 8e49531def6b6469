/** Graphs by chance: both sides do the same with them. */
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

import type { Case, Seen } from './case.ts';
import type { Graph } from './graph.ts';
import { randomGraph } from './random-graph.ts';
import { suiteHandler } from './weft/functions.ts';
import { runOnWeft } from './weft/run.ts';

const RUNS = Number(process.env['WEFT_TEST_RANDOM_GRAPHS'] ?? 20);
const SEED = Number(process.env['WEFT_TEST_SEED'] ?? 1);

const isAbsent = inject('langGraphIsAbsent') !== null;

let database: TestDatabase;
let rig: Rig;

describe.skipIf(isAbsent)('random graphs', () => {
  beforeAll(async () => {
    database = await createTestDatabase();
    rig = await createRig({
      url: database.url,
      executors: { [suiteHandler.type]: (call) => suiteHandler.run(call) },
      lanes: ['default', suiteHandler.type],
    });
  });

  afterAll(async () => {
    await rig?.stop();
    await database?.drop();
  });

  test('run in the same supersteps, with the same updates and states, on LangGraph and on Weft', async () => {
    const { runOnLangGraph } = await import('./peer/run.ts');
    let count = 0;
    const property = fc.asyncProperty(randomGraph, async (graph) => {
      const weft = await runOnWeft(caseOf(graph), { rig, id: `random-${count++}` });
      // At its bound LangGraph fails also if nothing is left to do, and does not tell all that it has done.
      const peer = await runOnLangGraph(caseOf({ ...graph, maxSupersteps: (graph.maxSupersteps ?? 0) + 4 }));

      expect(weft).toEqual(weft.ends[0] === 'failed max_steps' ? within(peer, graph) : peer);
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED, endOnFailure: true });
  }, 300_000);
});

function caseOf(graph: Graph): Case {
  return { group: 'ordering', name: 'random', graph, input: { items: [{ n: 1 }, { n: 2 }] }, expects: {} };
}

/** Without what lies beyond the bound. */
function within(seen: Seen, { maxSupersteps }: Graph): Seen {
  const supersteps = seen.supersteps.slice(0, maxSupersteps);
  const values = seen.values.slice(0, maxSupersteps);
  const calls: Record<string, number> = {};
  for (const [name] of supersteps.flat()) calls[name] = (calls[name] ?? 0) + 1;
  return { ...seen, ends: ['failed max_steps'], supersteps, values, calls, state: values.at(-1) ?? seen.state };
}
