/** Tools that are workflows, on a real engine. */
import { createRig, createTestDatabase } from '@weft/testkit';
import { expect, onTestFinished, test } from 'vitest';

import { createMeshTools } from '../../src/index.ts';

test('a tool that leads back to its own workflow comes to an end ten runs below the first', async () => {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  const rig = await createRig({ url: database.url });
  onTestFinished(() => rig.stop());
  const { engine, store } = rig;
  const tools = createMeshTools({ engine, reader: store.reader, workflows: store.workflows });
  const document = { name: 'again', nodes: { a: { type: 'wait', ms: 1 } } } as const;
  await engine.saveWorkflow({ tenant: 'default', document });
  const common = { tenant: 'default', payer: null, tags: [], work: { workflow: 'again' }, input: {} };
  let runId = await rig.start(document);
  for (let depth = 1; depth <= 10; depth += 1) {
    const started = await tools.start({ ...common, runId, key: `k${depth}` });
    expect(started).toEqual({ runId: expect.any(String) });
    if ('runId' in started) runId = started.runId;
  }
  expect(await tools.start({ ...common, runId, key: 'k11' })).toMatchObject({ error: { code: 'too_deep' } });
  await rig.ended(runId);
});
