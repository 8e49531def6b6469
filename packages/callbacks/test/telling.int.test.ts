/** What is told, to whom, and how it is signed. */
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';

import { ASKING, ECHO, FAILING, SECRET, useCallbackRig } from './callback-rig.ts';
import { startReceiver } from './receiver.ts';

const rig = useCallbackRig();
const SOON = { timeout: 15_000, interval: 20 };

test('a run tells its callback of its end, signed so that the library of Standard Webhooks takes it', async () => {
  const receiver = await startReceiver();
  rig().deliver();
  const id = await rig().start(ECHO, [{ url: `${receiver.base}/hook`, secret: SECRET }]);
  const [delivery] = await rig().until(id, 'delivered');

  const [received] = receiver.received;
  expect(receiver.received).toHaveLength(1);
  expect(received).toMatchObject({ url: '/hook', headers: { 'content-type': 'application/json' } });
  expect(received?.headers['webhook-id']).toBe(delivery?.id);
  expect(new Webhook(SECRET).verify(received?.body ?? '', received?.headers ?? {})).toMatchObject({
    type: 'run.succeeded',
    data: { runId: id, workflow: { name: 'told', version: 1 }, status: 'succeeded' },
  });
  expect(delivery).toMatchObject({ attempts: 1, log: [{ status: 204, error: null }] });
});

test('a callback without a secret gets no signature', async () => {
  const receiver = await startReceiver();
  rig().deliver();
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  await rig().until(id, 'delivered');

  expect(receiver.received[0]?.headers).not.toHaveProperty('webhook-signature');
});

test('a failed task, a failed run, a question and a cancelled run are told, each with what it is about', async () => {
  const receiver = await startReceiver();
  rig().deliver();
  const failed = await rig().start(FAILING, [{ url: receiver.base }]);
  await rig().until(failed, 'delivered', 2);
  const asking = await rig().start(ASKING, [{ url: receiver.base }]);
  await rig().until(asking, 'delivered');
  await rig().rig.engine.cancelRun({ tenant: 'default', runId: asking, reason: 'no more' });
  await rig().until(asking, 'delivered', 2);

  const told = receiver.received.map(({ body }) => JSON.parse(body) as { type: string; data: object });
  expect(new Map(told.map(({ type, data }) => [type, data]))).toEqual(
    new Map([
      ['task.failed', expect.objectContaining({ task: expect.objectContaining({ node: 'break', attempt: 1 }) })],
      ['run.failed', expect.objectContaining({ error: expect.objectContaining({ code: 'broken' }) })],
      ['run.interrupted', expect.objectContaining({ status: 'interrupted' })],
      ['run.cancelled', expect.objectContaining({ status: 'cancelled' })],
    ]),
  );
});

test('a callback of the tenant is told about all runs, and one that asks for some events of those alone', async () => {
  const all = await startReceiver();
  const some = await startReceiver();
  rig().deliver();
  await rig().add({ url: all.base });
  await rig().add({ url: some.base, events: ['run.failed'] });
  const told = await rig().start(ECHO);
  const failed = await rig().start(FAILING);
  await rig().until(told, 'delivered');
  await rig().until(failed, 'delivered', 3);

  const of = (received: typeof all.received, id: string) =>
    received.flatMap(({ body }) => {
      const { type, data } = JSON.parse(body) as { type: string; data: { runId: string } };
      return data.runId === id ? [type] : [];
    });
  expect(of(all.received, told)).toEqual(['run.succeeded']);
  expect(of(all.received, failed).toSorted()).toEqual(['run.failed', 'task.failed']);
  expect(some.received.map(({ body }) => (JSON.parse(body) as { type: string }).type)).toEqual(['run.failed']);
});

test('where nobody listens nothing is written', async () => {
  const run = await rig().rig.run(FAILING);

  expect(await rig().deliveriesOf(run.head.id)).toEqual([]);
});

test('what is told stands in the outbox from the commit on, whoever is there to deliver it', async () => {
  const receiver = await startReceiver();
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  await rig().rig.ended(id);

  expect(await rig().deliveriesOf(id)).toMatchObject([{ status: 'pending', attempts: 0 }]);
  expect(receiver.received).toEqual([]);
  rig().deliver();
  await rig().until(id, 'delivered');
});

test('after a secret was changed both sign, and the former one alone no longer once its time is over', async () => {
  const receiver = await startReceiver();
  const { callbacks, deliveries } = rig().rig.store;
  rig().deliver();
  const { id } = await rig().add({ url: receiver.base, events: ['run.cancelled'] });
  const fresh = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
  const send = async (): Promise<(typeof receiver.received)[number] | undefined> => {
    const before = receiver.received.length;
    await deliveries.addTest('default', id, { id: crypto.randomUUID(), payload: { type: 'callback.test' } });
    await expect.poll(() => receiver.received.length, SOON).toBe(before + 1);
    return receiver.received.at(-1);
  };
  const isTakenWith = (secret: string, received: Awaited<ReturnType<typeof send>>): boolean => {
    try {
      new Webhook(secret).verify(received?.body ?? '', received?.headers ?? {});
      return true;
    } catch {
      return false;
    }
  };
  await callbacks.rotate('default', id, fresh, 3_600_000);
  const both = await send();
  await callbacks.rotate('default', id, SECRET, 0);
  const one = await send();

  expect([fresh, SECRET].map((secret) => isTakenWith(secret, both))).toEqual([true, true]);
  expect([fresh, SECRET].map((secret) => isTakenWith(secret, one))).toEqual([false, true]);
});
