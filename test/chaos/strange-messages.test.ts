import { createMemoryBroker } from '@weft/embedded';
import { expect, test } from 'vitest';

import { fan, single } from './documents.ts';
import { intercepted, openScene } from './use-rigs.ts';

test('F22: a message that names another workflow than its run has changes nothing of how the run goes on', async () => {
  const scene = await openScene();
  const broker = createMemoryBroker();
  let forged = 0;
  const forging = intercepted(broker, {
    async claim(request) {
      const messages = await broker.claim(request);
      return messages.map((message) => {
        if (message.node !== 'first') return message;
        forged += 1;
        return { ...message, workflow: { ...message.workflow, name: 'short' } };
      });
    },
  });
  const rig = await scene.rig({ broker: forging });
  const { nodes } = single('short', { uses: 'echo' });
  const [first] = Object.values(nodes);
  if (!first) throw new Error('no node');
  await rig.engine.saveWorkflow({ tenant: 'default', document: { name: 'short', nodes: { first } } });
  const run = await rig.run(fan('whole', 3, { uses: 'echo' }));

  expect(forged).toBe(1);
  expect(run.head).toMatchObject({ status: 'succeeded', workflow: { name: 'whole' } });
  expect((await rig.tasks(run.head.id))['last#0']).toMatchObject({ status: 'succeeded', output: { count: '3' } });
});
