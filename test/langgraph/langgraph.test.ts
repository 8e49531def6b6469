/** The same graphs on LangGraph and on Weft, in superstep mode. */
import { describe, expect, test } from 'vitest';

import { asExpected } from './case.ts';
import type { Case, Expected, Seen } from './case.ts';
import { cases } from './cases/index.ts';
import { installLangGraph } from './peer/install.ts';

const absent = await installLangGraph();
if (absent !== null)
  process.stderr.write(`weft: the cases on LangGraph are skipped, since it is not here: ${absent}\n`);

describe.each(groups())('%s', (_, ofGroup) => {
  describe.skipIf(absent !== null)('on LangGraph', () => {
    test.each(ofGroup)('$name', async (one) => {
      const { runOnLangGraph } = await import('./peer/run.ts');

      expectSeen(await runOnLangGraph(one), one.expects);
    });
  });
});

function expectSeen(seen: Seen, expected: Expected): void {
  expect(asExpected(seen, expected)).toEqual(expected);
}

function groups(): [string, Case[]][] {
  return [...Map.groupBy(cases, ({ group }) => group)];
}
