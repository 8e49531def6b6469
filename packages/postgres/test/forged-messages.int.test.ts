/** F22: what somebody has written into a lane who is no Weft, about a run that is not the tenant's. */
import { setTimeout } from 'node:timers/promises';

import type { Json, WorkflowDocument } from '@weft/contract';
import { createMemoryBroker } from '@weft/embedded';
import type { WorkflowRef } from '@weft/engine/domain';
import type { Broker, Executor, TaskMessage } from '@weft/engine/ports';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig } from '@weft/testkit';
import { expect, onTestFinished, test } from 'vitest';

const SECRET = 'what only its tenant may read';
const SWEEP = { intervalMs: 50, staleOfferMs: 300 };

type Scene = { victim: Rig; broker: Broker; seen: Json[]; work: (takesMs?: number) => Promise<Rig> };

/** The victim's runs begin on lanes that nobody works on, until the test says so. */
async function openScene(): Promise<Scene> {
  const database = await createTestDatabase();
  const broker = createMemoryBroker();
  const seen: Json[] = [];
  const rigs: Rig[] = [];
  onTestFinished(async () => {
    for (const rig of rigs) await rig.stop();
    await database.drop();
  });
  const open = async (parts: Partial<Parameters<typeof createRig>[0]>): Promise<Rig> => {
    const rig = await createRig({ url: database.url, broker, ...parts });
    rigs.push(rig);
    return rig;
  };
  const spy =
    (takesMs: number): Executor['run'] =>
    async ({ input }) => {
      seen.push(input);
      await setTimeout(takesMs);
      return { kind: 'succeeded', output: input };
    };
  const victim = await open({ worker: false, sweep: { intervalMs: 600_000 } });
  return { victim, broker, seen, work: (takesMs = 0) => open({ executors: { spy: spy(takesMs) }, sweep: SWEEP }) };
}

function flow(given: Json, name = 'flow'): WorkflowDocument {
  return { name, nodes: { a: { type: 'task', uses: 'spy', with: given } } } as WorkflowDocument;
}

/** Takes the only message off the lane, as a thief would. */
async function steal(broker: Broker): Promise<TaskMessage> {
  const [message] = await broker.claim({ worker: 'thief', lanes: ['*'], limit: 1, signal: AbortSignal.timeout(5000) });
  if (!message) throw new Error('nothing waits');
  await broker.publish([], [message]);
  return message;
}

async function attackers(victim: Rig, tenant: string, document: WorkflowDocument): Promise<WorkflowRef> {
  return (await victim.engine.saveWorkflow({ tenant, document })).ref;
}

test.for([
  { what: 'a constant task of another tenant', tenant: 'globex', name: 'flow', seeded: true },
  {
    what: 'a task of another tenant that is written as running',
    tenant: 'globex',
    name: 'flow',
    seeded: true,
    takesMs: 200,
  },
  {
    what: 'a constant task of another tenant that says nothing of the run',
    tenant: 'globex',
    name: 'flow',
    seeded: false,
  },
  { what: 'a task of another workflow of the same tenant', tenant: 'default', name: 'other', seeded: true },
])('F22: $what writes nothing into the run that its message names', async ({ tenant, name, seeded, takesMs }) => {
  const { victim, broker, work } = await openScene();
  const runId = await victim.start(flow('mine'));
  const { seed, ...message } = await steal(broker);
  const workflow = await attackers(victim, tenant, flow('forged', name));
  await broker.publish([{ ...message, ...(seed && seeded && { seed }), workflow }]);
  const rig = await work(takesMs);

  const run = await rig.ended(runId);
  expect(run.head).toMatchObject({ status: 'succeeded', workflow: { tenant: 'default', name: 'flow' } });
  expect((await rig.tasks(runId))['a#0']?.output).toBe('mine');
  expect(await rig.steps(runId)).toEqual(['run_started', 'task_succeeded a', 'run_ended']);
});

test('F22: a forged message does not bring one tenant the input of the run of another', async () => {
  const { victim, broker, seen, work } = await openScene();
  const runId = await victim.start(flow('${input.secret}' as Json), { input: { secret: SECRET } });
  const message = await steal(broker);
  const workflow = await attackers(victim, 'globex', flow({ stolen: '${input.secret}' }));
  await broker.publish([{ ...message, workflow }]);
  const rig = await work();

  await rig.ended(runId);
  expect((await rig.tasks(runId))['a#0']?.output).toBe(SECRET);
  expect(seen).toEqual([SECRET]);
});
