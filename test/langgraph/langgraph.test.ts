/** The same graphs on LangGraph and on Weft, in superstep mode. */
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

import { asExpected } from './case.ts';
import type { Case, Seen } from './case.ts';
import { cases } from './cases/index.ts';
import { suiteHandler } from './weft/functions.ts';
import { runOnWeft } from './weft/run.ts';

const isAbsent = inject('langGraphIsAbsent') !== null;

let database: TestDatabase;
let rig: Rig;

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

describe.each([...Map.groupBy(cases, ({ group }) => group)])('%s', (_, ofGroup) => {
  describe.skipIf(isAbsent)('on LangGraph', () => {
    test.each(ofGroup)('$name', async (one) => {
      const seen = await onLangGraph(one);

      expect(asExpected(seen, one.expects)).toEqual(one.expects);
    });
  });

  describe('on Weft', () => {
    test.each(ofGroup.filter(({ differs }) => !differs))('$name', async (one) => {
      const seen = await runOnWeft(one, { rig, id: idOf(one) });

      expect(asExpected(seen, one.expects)).toEqual(one.expects);
      if (!isAbsent) expect(comparable(seen, one)).toEqual(comparable(await onLangGraph(one), one));
    });

    test.each(ofGroup.filter(({ differs }) => differs))('not so: $name, for $differs.because', async (one) => {
      const seen = await runOnWeft(one, { rig, id: idOf(one) });

      expect(asExpected(seen, one.differs?.weft ?? {})).toEqual(one.differs?.weft);
    });
  });
});

async function onLangGraph(one: Case): Promise<Seen> {
  const { runOnLangGraph } = await import('./peer/run.ts');
  return runOnLangGraph(one);
}

/** A node that asks runs again there for each answer, which has cases of its own. */
function comparable({ calls, ...seen }: Seen, { graph }: Case): Seen {
  const works = Object.entries(calls).filter(([name]) => graph.nodes[name]?.kind !== 'ask');
  return { ...seen, calls: Object.fromEntries(works) };
}

function idOf(one: Case): string {
  return `case-${cases.indexOf(one)}`;
}
