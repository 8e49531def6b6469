import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { priorityLevel } from '@weft/engine/domain';
import type { Executor } from '@weft/engine/ports';
import { loadHandlers } from '@weft/executors';
import { readWorkflow } from '@weft/formats';
import { createRig, createTestDatabase } from '@weft/testkit';
import { expect, test } from 'vitest';

const SQUAD = join(import.meta.dirname, '..', '..', 'examples', 'software-squad');
const FEATURES = 5;

async function readSquad(executorNames: string[]) {
  const source = await readFile(join(SQUAD, 'workflow.yaml'), 'utf8');
  const env = { hasExecutor: (type: string) => executorNames.includes(type), executorNames, maxNodes: 100 };
  const read = await readWorkflow(source, { mediaType: 'yaml', env });
  if (!read.ok) throw new Error(JSON.stringify(read.errors));
  return read.document;
}

test('with one slot the squad plans everything before it builds, and builds everything before it checks', async () => {
  const database = await createTestDatabase();
  const order: string[] = [];
  const allSubmitted = Promise.withResolvers<void>();
  const handlers = [...(await loadHandlers(join(SQUAD, 'handlers.ts')))];
  const executors = Object.fromEntries(
    handlers.map(([type, handler]): [string, Executor['run']] => [
      type,
      async (call) => {
        await allSubmitted.promise;
        order.push(type);
        return handler.run(call);
      },
    ]),
  );
  const lanes = Object.keys(executors);
  const rig = await createRig({ url: database.url, executors, lanes, slots: 1 });
  try {
    const document = await readSquad(lanes);
    const input = { title: 'shouting', steps: ['upper'], examples: [['a', 'A']] };
    const started = await Promise.all(Array.from({ length: FEATURES }, () => rig.start(document, { input })));
    const plans = [{ lane: 'handler:architect', tenant: 'default', priority: priorityLevel('high') }];
    await expect.poll(() => rig.broker.depths(plans)).toEqual([FEATURES - 1]);
    allSubmitted.resolve();
    const ended = await Promise.all(started.map((id) => rig.ended(id)));

    expect(ended.map((run) => run.head.status)).toEqual(started.map(() => 'succeeded'));
    const times = (type: string) => Array.from({ length: FEATURES }, () => type);
    expect(order).toEqual([...times('handler:architect'), ...times('handler:developer'), ...times('handler:qa')]);
  } finally {
    await rig.stop();
    await database.drop();
  }
});
