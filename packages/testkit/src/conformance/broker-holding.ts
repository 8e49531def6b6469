import { describe, expect, test } from 'vitest';

import { ackOf, taskMessage } from '../task-message.ts';
import type { OpenBroker } from './opened-broker.ts';
import { openBroker, taskIds } from './opened-broker.ts';

const A = { lane: 'default', taskId: 'a' };

/** Which attempt of which task is held (rule A2). */
export function brokerHolding(open: OpenBroker): void {
  describe('holds one attempt of a task', () => {
    test('A2: a message that waits is not added again', async () => {
      const { broker, other, drain } = await openBroker(open);

      expect(await broker.publish([taskMessage('a'), taskMessage('b')])).toBe(2);
      expect(await other.publish([taskMessage('a'), taskMessage('c')])).toBe(1);
      expect(taskIds(await drain())).toEqual(['a', 'b', 'c']);
    });

    test('A2: a message that is claimed is not added again', async () => {
      const { broker, take, drain } = await openBroker(open);
      await broker.publish([taskMessage('a')]);
      await take(1);

      expect(await broker.publish([taskMessage('a')])).toBe(0);
      expect(await drain()).toEqual([]);
    });

    test('A2: the same task twice in one call is added once', async () => {
      const { broker, drain } = await openBroker(open);

      expect(await broker.publish([taskMessage('a'), taskMessage('a')])).toBe(1);
      expect(taskIds(await drain())).toEqual(['a']);
    });

    test('A2: a lower attempt is not added', async () => {
      const { broker, drain } = await openBroker(open);
      await broker.publish([taskMessage('a', { attempt: 3 })]);

      expect(await broker.publish([taskMessage('a', { attempt: 2 })])).toBe(0);
      expect(await drain()).toEqual([taskMessage('a', { attempt: 3 })]);
    });

    test('A2: a higher attempt takes the place of one that waits', async () => {
      const { broker, drain } = await openBroker(open);
      await broker.publish([taskMessage('a')]);

      expect(await broker.publish([taskMessage('a', { attempt: 2 })])).toBe(1);
      expect(await broker.held([A])).toEqual([2]);
      expect(await drain()).toEqual([taskMessage('a', { attempt: 2 })]);
    });

    test('A2: a higher attempt takes the place of one that waits with another priority and tenant', async () => {
      const { broker, drain } = await openBroker(open);
      const raised = taskMessage('a', { attempt: 2, priority: 0, tenant: 'globex' });
      await broker.publish([taskMessage('a')]);
      await broker.publish([raised]);

      expect(await drain()).toEqual([raised]);
    });

    test('A2: a higher attempt is handed out although a lower one is claimed', async () => {
      const { broker, take } = await openBroker(open);
      await broker.publish([taskMessage('a')]);
      await take(1, { worker: 'w1' });

      expect(await broker.publish([taskMessage('a', { attempt: 2 })])).toBe(1);
      expect(await take(1, { worker: 'w2' })).toEqual([taskMessage('a', { attempt: 2 })]);
    });
  });

  describe('forgets what is acknowledged', () => {
    test('A2: held tells the attempt of what waits and of what is claimed, and null for the rest', async () => {
      const { broker, other, take } = await openBroker(open);
      await broker.publish([taskMessage('a', { attempt: 4 }), taskMessage('b')]);
      await take(1);

      const ids = ['b', 'unknown', 'a'];
      expect(await other.held(ids.map((taskId) => ({ lane: 'default', taskId })))).toEqual([1, null, 4]);
      expect(await other.held([{ lane: 'elsewhere', taskId: 'a' }])).toEqual([null]);
    });

    test('A2: an acknowledged task is held no more and may be published again', async () => {
      const { broker, take } = await openBroker(open);
      await broker.publish([taskMessage('a')]);
      const [claimed] = await take(1);
      await broker.publish([], [ackOf(claimed ?? taskMessage('none'))]);

      expect(await broker.held([A])).toEqual([null]);
      expect(await broker.publish([taskMessage('a')])).toBe(1);
    });

    test('A2: an acknowledged task that still waits is not handed out', async () => {
      const { broker, drain } = await openBroker(open);
      await broker.publish([taskMessage('a'), taskMessage('b'), taskMessage('c')]);
      await broker.publish([], [ackOf(taskMessage('b'))]);

      expect(await broker.depths([{ lane: 'default', tenant: 'acme', priority: 2 }])).toEqual([2]);
      expect(taskIds(await drain())).toEqual(['a', 'c']);
    });

    test('A2: a late acknowledgement of a lower attempt changes nothing', async () => {
      const { broker, drain } = await openBroker(open);
      await broker.publish([taskMessage('a', { attempt: 2 })]);
      await broker.publish([], [ackOf(taskMessage('a', { attempt: 1 }))]);

      expect(await broker.held([A])).toEqual([2]);
      expect(taskIds(await drain())).toEqual(['a']);
    });

    test('A2: the acknowledgement of a higher attempt ends a lower one', async () => {
      const { broker, drain } = await openBroker(open);
      await broker.publish([taskMessage('a', { attempt: 1 })]);
      await broker.publish([], [ackOf(taskMessage('a', { attempt: 2 }))]);

      expect(await broker.held([A])).toEqual([null]);
      expect(await drain()).toEqual([]);
    });

    test('A2: acknowledgements come before the messages of the same call', async () => {
      const { broker, drain } = await openBroker(open);
      await broker.publish([taskMessage('a')]);

      expect(await broker.publish([taskMessage('a')], [ackOf(taskMessage('a'))])).toBe(1);
      expect(taskIds(await drain())).toEqual(['a']);
    });

    test('A2: an acknowledgement of what was never held changes nothing', async () => {
      const { broker, drain } = await openBroker(open);

      expect(await broker.publish([taskMessage('b')], [ackOf(taskMessage('a'))])).toBe(1);
      expect(taskIds(await drain())).toEqual(['b']);
    });
  });
}
