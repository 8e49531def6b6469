/** Whether the outcome of a test depends on chance: on the order in which things end, or on when processes die. */
import type { Json } from '@weft/contract';
import { canonicalJson } from '@weft/engine/domain';

import type { RunResult } from './test-run/result.ts';

/** What a test takes from whoever explores it: pass it on to `testWorkflow`. */
export type Explored = { seed?: number; crashAt?: number[] };

/** What several runs of a test had in common: which of them ended so, and one of the results. */
export type Ending = { runs: Explored[]; result: RunResult };

export type Exploration = {
  /** Whether all ended in the same way: with the same status, error code, output and state. */
  same: boolean;
  count: number;
  /** The different ways in which the test ended, the most frequent first. */
  endings: Ending[];
  /** For people: what differs. */
  report(): string;
};

/** Runs the test once for each seed, and so in as many orders of what ends at the same instant. */
export async function everyOrder(
  test: (options: Explored) => Promise<RunResult>,
  { seeds = 20 }: { seeds?: number } = {},
): Promise<Exploration> {
  return explore(
    test,
    Array.from({ length: seeds }, (_, index) => ({ seed: index + 1 })),
  );
}

/** Runs the test undisturbed, and then once for each of its steps, after which all processes die. */
export async function everyCrash(test: (options: Explored) => Promise<RunResult>): Promise<Exploration> {
  const { steps } = await test({});
  return explore(test, [{}, ...steps.map(({ step }) => ({ crashAt: [step] }))]);
}

async function explore(
  test: (options: Explored) => Promise<RunResult>,
  all: readonly Explored[],
): Promise<Exploration> {
  const endings = new Map<string, Ending>();
  for (const options of all) {
    const result = await test(options);
    const name = canonicalJson(essence(result));
    const known = endings.get(name) ?? { runs: [], result };
    known.runs.push(options);
    endings.set(name, known);
  }
  const sorted = Array.from(endings.values()).toSorted((a, b) => b.runs.length - a.runs.length);
  return {
    same: sorted.length === 1,
    count: all.length,
    endings: sorted,
    report: () => sorted.map(describe).join('\n\n'),
  };
}

function essence({ status, error, output, state }: RunResult): Json {
  return { status, code: error?.code ?? null, output, state };
}

function describe({ runs, result }: Ending): string {
  const which = runs.slice(0, 5).map((options) => JSON.stringify(options));
  const more = runs.length > which.length ? ` and ${runs.length - which.length} more` : '';
  return `${which.join(' ')}${more}:\n${JSON.stringify(essence(result), null, 2)}\npath: ${result.path.join(' ')}`;
}
