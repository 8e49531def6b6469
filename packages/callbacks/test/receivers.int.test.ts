/** Receivers that are away, slow, greedy or gone. */
import { createMemoryDeliveries } from '@weft/embedded';
import { describe, expect, test } from 'vitest';

import { ECHO, useCallbackRig } from './callback-rig.ts';
import { startReceiver } from './receiver.ts';

const rig = useCallbackRig();
const SOON = { timeout: 15_000, interval: 20 };

test('a receiver that is down and comes back is told in the end, once, and the log says what came between', async () => {
  const receiver = await startReceiver();
  const answers = [503, 500];
  receiver.answer = (_, response) => response.writeHead(answers.shift() ?? 200).end('what I say');
  rig().deliver();
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  const [delivery] = await rig().until(id, 'delivered');

  expect(delivery?.log.map(({ status, body }) => [status, body])).toEqual([
    [503, 'what I say'],
    [500, 'what I say'],
    [200, 'what I say'],
  ]);
  expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([delivery?.id]));
});

test('F60: a receiver that asks to wait is not asked before', async () => {
  const receiver = await startReceiver();
  receiver.answer = (_, response) => response.writeHead(429, { 'retry-after': '600' }).end();
  rig().deliver();
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  await expect.poll(async () => (await rig().deliveriesOf(id))[0]?.attempts, SOON).toBe(1);

  const [delivery] = await rig().deliveriesOf(id);
  expect((delivery?.dueAt ?? 0) - (delivery?.now ?? 0)).toBeGreaterThan(590_000);
});

test('what nobody takes is given up with its last attempt, and is delivered when it is replayed', async () => {
  const receiver = await startReceiver();
  let isBack = false;
  receiver.answer = (_, response) => response.writeHead(isBack ? 200 : 500).end();
  rig().deliver();
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  const [dead] = await rig().until(id, 'dead');
  expect(dead).toMatchObject({ attempts: 4 });
  isBack = true;
  await rig().rig.store.deliveries.replay('default', dead?.id ?? '');

  expect(await rig().until(id, 'delivered')).toMatchObject([{ id: dead?.id, attempts: 1 }]);
});

test('all that was given up of a callback is replayed together, and of that only what is asked for', async () => {
  const receiver = await startReceiver();
  receiver.answer = (_, response) => response.writeHead(500).end();
  rig().deliver({ scheduleMs: [] });
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  const [dead] = await rig().until(id, 'dead');
  receiver.answer = (_, response) => response.writeHead(200).end();
  const { deliveries } = rig().rig.store;
  const callback = dead?.callbackId ?? '';

  expect(await deliveries.replayDead('default', callback, (dead?.endedAt ?? 0) + 1_000)).toBe(0);
  expect(await deliveries.replayDead('other', callback, null)).toBe(0);
  expect(await deliveries.replayDead('default', callback, dead?.endedAt ?? 0)).toBe(1);
  await rig().until(id, 'delivered');
});

test('410 disables a callback', async () => {
  const receiver = await startReceiver();
  receiver.answer = (_, response) => response.writeHead(410).end();
  rig().deliver();
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  const [dead] = await rig().until(id, 'dead');

  const callback = await rig().rig.store.callbacks.get('default', dead?.callbackId ?? '');
  expect(callback).toMatchObject({ isActive: false, problem: expect.stringContaining('410') });
  expect(receiver.received).toHaveLength(1);
});

test.each([
  ['a redirect to a private address', 'http://169.254.169.254/latest/'],
  ['a redirect to anywhere', 'https://example.org/'],
])('%s is not followed', async (_, location) => {
  const receiver = await startReceiver();
  receiver.answer = (_request, response) => response.writeHead(302, { location }).end();
  rig().deliver({ scheduleMs: [] });
  const id = await rig().start(ECHO, [{ url: receiver.base }]);

  expect(await rig().until(id, 'dead')).toMatchObject([
    { log: [{ status: 302, error: 'it redirects, which is not followed' }] },
  ]);
});

test.each(['http://10.0.0.1/', 'http://169.254.169.254/latest/', 'http://0x0a000001/', 'http://[::ffff:10.0.0.1]/'])(
  'nothing is sent to %s, and nothing is tried again',
  async (url) => {
    rig().deliver();
    const id = await rig().start(ECHO, [{ url }]);

    expect(await rig().until(id, 'dead')).toMatchObject([
      { attempts: 1, log: [{ status: null, error: expect.stringContaining('WEFT_ALLOW_PRIVATE') }] },
    ]);
  },
);

test('a receiver that does not answer in time has failed, and keeps nobody else waiting', async () => {
  const slow = await startReceiver();
  const quick = await startReceiver();
  slow.answer = () => undefined;
  rig().deliver({ scheduleMs: [], timeoutMs: 3_000 });
  const waiting = await Promise.all(Array.from({ length: 20 }, () => rig().start(ECHO, [{ url: slow.base }])));
  await expect.poll(() => slow.received.length, SOON).toBe(20);
  const told = await rig().start(ECHO, [{ url: quick.base }]);
  await rig().until(told, 'delivered');

  expect(await rig().deliveriesOf(waiting[0] ?? '')).toMatchObject([{ status: 'pending' }]);
  for (const id of waiting)
    expect(await rig().until(id, 'dead')).toMatchObject([{ log: [{ error: 'no answer in time' }] }]);
});

test('of a response of 100 MB the first KiB is kept, and the rest is not read', async () => {
  const receiver = await startReceiver();
  let written = 0;
  receiver.answer = (_, response) => {
    response.writeHead(200);
    const piece = Buffer.alloc(65_536, 'x');
    const more = (): void => {
      while (written < 100 * 1_048_576 && !response.destroyed) {
        written += piece.length;
        if (!response.write(piece)) {
          response.once('drain', more);
          return;
        }
      }
      response.end();
    };
    more();
  };
  rig().deliver();
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  const [delivery] = await rig().until(id, 'delivered');

  expect(delivery?.log[0]?.body).toHaveLength(1_024);
  expect(written).toBeLessThan(20 * 1_048_576);
});

describe('the circuit of a callback', () => {
  test('opens when it fails again and again: then one delivery finds out whether it is back, and the others wait', async () => {
    const receiver = await startReceiver();
    receiver.answer = (_, response) => response.writeHead(503).end();
    const { deliveries, callbacks } = rig().rig.store;
    const { id } = await rig().add({ url: receiver.base, events: ['run.cancelled'] });
    const add = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () =>
          deliveries.addTest('default', id, { id: crypto.randomUUID(), payload: { type: 'callback.test' } }),
        ),
      );
    rig().deliver({ scheduleMs: [3_600_000] });
    await add(6);
    await expect.poll(async () => (await callbacks.get('default', id))?.openUntil, SOON).not.toBeNull();
    await expect.poll(() => receiver.received.length, SOON).toBe(6);
    await add(50);
    await rig().sql(`update callback set open_until = now() where id = '${id}'`);
    await expect.poll(() => receiver.received.length, SOON).toBe(7);
    // It has had several looks by then, and is told once.
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(receiver.received).toHaveLength(7);
    const waiting = await deliveries.list('default', { callback: id, status: 'pending', limit: 200, beforeId: null });
    expect(waiting.filter(({ attempts }) => attempts === 0)).toHaveLength(49);
    expect(waiting[0]?.callback?.openUntil).toBeGreaterThan(0);

    receiver.answer = (_, response) => response.writeHead(200).end();
    await rig().sql(`update callback set open_until = now() where id = '${id}'`);
    await expect.poll(() => receiver.received.length, SOON).toBe(56);
    expect(await callbacks.get('default', id)).toMatchObject({ openUntil: null, failures: 0, problem: null });
  });
});

test('a delivery that is handed out twice is made once', async () => {
  const receiver = await startReceiver();
  const queue = createMemoryDeliveries();
  rig().deliver({ queue });
  rig().deliver({ queue: { ...queue, onDelivery: () => () => undefined } });
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  const [delivery] = await rig().until(id, 'delivered');
  await queue.add(Array.from({ length: 20 }, () => delivery?.id ?? ''));
  await rig()
    .start(ECHO, [{ url: receiver.base }])
    .then((other) => rig().until(other, 'delivered'));

  expect(receiver.received.filter(({ headers }) => headers['webhook-id'] === delivery?.id)).toHaveLength(1);
});

test('a delivery that was begun and never ended comes again after its lease', async () => {
  const receiver = await startReceiver();
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  await rig().rig.ended(id);
  const [delivery] = await rig().deliveriesOf(id);
  expect(await rig().rig.store.deliveries.begin(delivery?.id ?? '', 300)).not.toBeNull();
  expect(await rig().rig.store.deliveries.begin(delivery?.id ?? '', 300)).toBeNull();
  rig().deliver();

  expect(await rig().until(id, 'delivered')).toMatchObject([{ attempts: 1 }]);
});

test('what was still to be told is dropped with its callback', async () => {
  const receiver = await startReceiver();
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  await rig().rig.ended(id);
  const [delivery] = await rig().deliveriesOf(id);
  await rig().rig.store.callbacks.remove('default', delivery?.callbackId ?? '');

  expect(await rig().deliveriesOf(id)).toMatchObject([{ status: 'dropped', callback: null }]);
  expect(await rig().rig.store.deliveries.replay('default', delivery?.id ?? '')).toBe(false);
});

test('what has ended long ago is forgotten, and so are the callbacks of runs that ended with it', async () => {
  const receiver = await startReceiver();
  rig().deliver();
  const id = await rig().start(ECHO, [{ url: receiver.base }]);
  const [delivery] = await rig().until(id, 'delivered');
  await rig().sql(`update callback_delivery set ended_at = now() - interval '8 days' where run_id = '${id}'`);
  await rig().sql(`update callback set created_at = now() - interval '8 days' where run_id = '${id}'`);
  await rig().sql(`update run set ended_at = now() - interval '8 days' where id = '${id}'`);
  const { deliveries, callbacks } = rig().rig.store;
  const ages = { deliveredMs: 7 * 86_400_000, deadMs: 30 * 86_400_000 };

  expect(await deliveries.forget(ages)).toBe(1);
  await deliveries.forget(ages);
  expect(await callbacks.get('default', delivery?.callbackId ?? '')).toBeNull();
});
