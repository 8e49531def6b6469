import type { Broker, TaskMessage } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import { ackOf, taskMessage } from '../task-message.ts';
import type { OpenBroker } from './opened-broker.ts';
import { BOUND_MS, openBroker, taskIds } from './opened-broker.ts';

const ROUNDS = 25;

/** A claim that is not awaited yet, and what ends it; the test's bound ends it at the latest. */
function startClaim(broker: Broker, worker: string, limit = 1) {
  const controller = new AbortController();
  const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(BOUND_MS)]);
  const messages = broker.claim({ worker, lanes: ['default'], limit, signal });
  return { messages, abort: () => controller.abort() };
}

/** Waiting, abort and release (rules A3 and A4). */
export function brokerClaiming(open: OpenBroker): void {
  describe('hands a message to one claim', () => {
    test('A3: a claim takes at most its limit', async () => {
      const { broker, take, drain } = await openBroker(open);
      await broker.publish(['a', 'b', 'c'].map((id) => taskMessage(id)));

      expect(taskIds(await take(2))).toEqual(['a', 'b']);
      expect(taskIds(await drain())).toEqual(['c']);
    });

    test('A3: a message arrives as it was published', async () => {
      const { broker, take } = await openBroker(open);
      const message = taskMessage('a', { runEpoch: 3, taskEpoch: 2, attempt: 7, priority: 0, tenant: 'globex' });
      await broker.publish([message]);

      expect(await take(1)).toEqual([message]);
    });

    test('A3: claims at the same time share no message', async () => {
      const { broker, other } = await openBroker(open);
      const ids = Array.from({ length: 60 }, (_, index) => `t${index}`);
      await broker.publish(ids.map((id) => taskMessage(id)));
      const claims = ids.slice(0, 12).map((_, index) => startClaim(index % 2 ? broker : other, `w${index}`, 5));

      const claimed = (await Promise.all(claims.map((claim) => claim.messages))).flat();
      expect(taskIds(claimed).toSorted()).toEqual(ids.toSorted());
    });
  });

  describe('lets claims wait', () => {
    test('A3: a claim on an empty lane waits for a message', async () => {
      const { broker, other } = await openBroker(open);
      const claim = startClaim(other, 'w1');
      await broker.publish([taskMessage('a')]);

      expect(taskIds(await claim.messages)).toEqual(['a']);
    });

    test('A3: as many waiting claims end as there are messages for them, each with its own', async () => {
      const { broker, other } = await openBroker(open);
      const claims = ['w1', 'w2', 'w3', 'w4'].map((worker) => startClaim(other, worker));
      await broker.publish(['a', 'b'].map((id) => taskMessage(id)));
      await broker.publish(['c', 'd'].map((id) => taskMessage(id)));

      const ended = await Promise.all(claims.map((claim) => claim.messages));
      expect(ended.map((messages) => messages.length)).toEqual([1, 1, 1, 1]);
      expect(taskIds(ended.flat()).toSorted()).toEqual(['a', 'b', 'c', 'd']);
    });

    test('A3: no claim ends with nothing because messages were acknowledged before they were claimed', async () => {
      const { broker, other } = await openBroker(open);
      await broker.publish([taskMessage('gone')]);
      await broker.publish([], [ackOf(taskMessage('gone'))]);
      const claims = [startClaim(other, 'w1'), startClaim(other, 'w2')];
      await broker.publish([taskMessage('a')]);
      await Promise.race(claims.map((claim) => claim.messages));
      await broker.publish([taskMessage('b')]);

      const ended = await Promise.all(claims.map((claim) => claim.messages));
      expect(taskIds(ended.flat()).toSorted()).toEqual(['a', 'b']);
    });

    test('A3: a claim that waits on two lanes is served by either, and once', async () => {
      const { broker, other, drain } = await openBroker(open);
      const signal = AbortSignal.timeout(BOUND_MS);
      const claim = other.claim({ worker: 'w1', lanes: ['x', 'y'], limit: 1, signal });
      await broker.publish([taskMessage('a', { lane: 'y' })]);
      expect(taskIds(await claim)).toEqual(['a']);

      await broker.publish([taskMessage('b', { lane: 'x' })]);
      expect(taskIds(await drain('x'))).toEqual(['b']);
    });

    test('A4: a released message ends a waiting claim', async () => {
      const { broker, other, take } = await openBroker(open);
      await broker.publish([taskMessage('a')]);
      const claimed = await take(1, { worker: 'w1' });
      const claim = startClaim(other, 'w2');
      await broker.release('w1', claimed);

      expect(taskIds(await claim.messages)).toEqual(['a']);
    });
  });

  describe('loses nothing to an aborted claim', () => {
    test('A3: a claim whose signal is aborted already takes nothing', async () => {
      const { broker, other, drain } = await openBroker(open);
      await broker.publish([taskMessage('a')]);
      const signal = AbortSignal.abort();

      expect(await other.claim({ worker: 'w1', lanes: ['default'], limit: 1, signal })).toEqual([]);
      expect(taskIds(await drain())).toEqual(['a']);
    });

    test('A3: abort ends the wait with an empty list, and the next message goes to another claim', async () => {
      const { broker, other } = await openBroker(open);
      const [first, second] = [startClaim(other, 'w1'), startClaim(other, 'w2')];
      first.abort();
      expect(await first.messages).toEqual([]);
      await broker.publish([taskMessage('a')]);

      expect(taskIds(await second.messages)).toEqual(['a']);
    });

    test('A3: a message that meets an abort is returned by that claim or goes to the next', async () => {
      const { broker, other, drain } = await openBroker(open);
      for (let round = 0; round < ROUNDS; round++) {
        const message = taskMessage(`t${round}`);
        const claim = startClaim(other, 'w1');
        const published = broker.publish([message]);
        if (round % 2 === 1) await published;
        claim.abort();
        await published;

        const seen: TaskMessage[] = [...(await claim.messages), ...(await drain())];
        expect(seen).toEqual([message]);
        await broker.publish([], [ackOf(message)]);
      }
    });

    test('A3: a message that meets an abort wakes the claim behind', async () => {
      const { broker, other } = await openBroker(open);
      for (let round = 0; round < ROUNDS; round++) {
        const message = taskMessage(`t${round}`);
        const [first, second] = [startClaim(other, 'w1'), startClaim(other, 'w2')];
        const published = broker.publish([message]);
        first.abort();
        await published;
        const early = await first.messages;
        if (early.length > 0) second.abort();

        expect([...early, ...(await second.messages)]).toEqual([message]);
        await broker.publish([], [ackOf(message)]);
      }
    });
  });

  describe('takes back what is released', () => {
    test('A4: released messages are claimed next, in their order, with the same attempt', async () => {
      const { broker, take } = await openBroker(open);
      await broker.publish(['a', 'b', 'c'].map((id) => taskMessage(id, { attempt: 2 })));
      await broker.release('w1', await take(2));

      expect(await broker.held([{ lane: 'default', taskId: 'a' }])).toEqual([2]);
      expect(await take(3)).toEqual(['a', 'b', 'c'].map((id) => taskMessage(id, { attempt: 2 })));
    });

    test('A4: a message is released once', async () => {
      const { broker, take, drain } = await openBroker(open);
      await broker.publish([taskMessage('a')]);
      const claimed = await take(1);
      await broker.release('w1', claimed);
      await broker.release('w1', claimed);

      expect(taskIds(await drain())).toEqual(['a']);
    });

    test('A4: a worker cannot release what another holds', async () => {
      const { broker, take, drain } = await openBroker(open);
      await broker.publish([taskMessage('a')]);
      await broker.release('w2', await take(1, { worker: 'w1' }));

      expect(await drain()).toEqual([]);
    });

    test('A4: what was acknowledged or has a higher attempt by now is not put back', async () => {
      const { broker, take, drain } = await openBroker(open);
      await broker.publish(['a', 'b'].map((id) => taskMessage(id)));
      const claimed = await take(2);
      await broker.publish([taskMessage('b', { attempt: 2 })], [ackOf(taskMessage('a'))]);
      await broker.release('w1', claimed);

      expect(await drain()).toEqual([taskMessage('b', { attempt: 2 })]);
    });

    test('A6: what a dead worker had claimed is put back, and nothing of another worker', async () => {
      const { broker, take, drain } = await openBroker(open);
      await broker.publish(['a', 'b', 'c'].map((id) => taskMessage(id)));
      await take(1, { worker: 'dead' });
      await take(1, { worker: 'alive' });

      expect(await broker.claimed('dead')).toEqual([taskMessage('a')]);
      expect(await broker.recall('dead')).toBe(1);
      expect(await broker.claimed('dead')).toEqual([]);
      expect(await broker.recall('dead')).toBe(0);
      expect(taskIds(await drain()).toSorted()).toEqual(['a', 'c']);
    });
  });
}
