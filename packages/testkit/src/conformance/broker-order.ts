import type { LaneList, TaskMessage } from '@weft/engine/ports';
import { describe, expect, test } from 'vitest';

import type { TaskMessageParts } from '../task-message.ts';
import { taskMessage } from '../task-message.ts';
import type { OpenBroker } from './opened-broker.ts';
import { openBroker, taskIds } from './opened-broker.ts';

const START = Date.UTC(2026, 0, 1);

function series(prefix: string, count: number, parts: TaskMessageParts = {}): TaskMessage[] {
  return Array.from({ length: count }, (_, index) => taskMessage(`${prefix}${index + 1}`, parts));
}

/** Who comes first on a lane (rule A3). */
export function brokerOrder(open: OpenBroker): void {
  describe('serves tenants in turn', () => {
    test('A3: messages of one tenant and priority are claimed in order of publication', async () => {
      const { broker, take } = await openBroker(open);
      await broker.publish(series('a', 3));
      await broker.publish(series('b', 2));

      expect(taskIds(await take(4))).toEqual(['a1', 'a2', 'a3', 'b1']);
    });

    test('A3: tenants with waiting messages take turns', async () => {
      const { broker, take } = await openBroker(open);
      await broker.publish(series('a', 4, { tenant: 'acme' }));
      await broker.publish(series('g', 2, { tenant: 'globex' }));
      await broker.publish(series('i', 2, { tenant: 'initech' }));

      expect(taskIds(await take(8))).toEqual(['a1', 'g1', 'i1', 'a2', 'g2', 'i2', 'a3', 'a4']);
    });

    test('A3: turns go on from one claim to the next', async () => {
      const { broker, take } = await openBroker(open);
      await broker.publish([...series('a', 3, { tenant: 'acme' }), ...series('g', 3, { tenant: 'globex' })]);

      const claims = [await take(1), await take(1), await take(2), await take(2)];
      expect(claims.map(taskIds)).toEqual([['a1'], ['g1'], ['a2', 'g2'], ['a3', 'g3']]);
    });

    test('A3: the flood of one tenant does not delay another', async () => {
      const { broker, take } = await openBroker(open);
      await broker.publish(series('flood', 2_000, { tenant: 'acme' }));
      await broker.publish([taskMessage('single', { tenant: 'globex', readyAt: START + 1 })]);

      expect(taskIds(await take(2))).toContain('single');
    });
  });

  describe('chooses between priorities', () => {
    test('A3: among messages of one age the higher priority comes first', async () => {
      const { broker, take } = await openBroker(open);
      const levels = [3, 1, 0, 2] as const;
      await broker.publish(levels.map((priority) => taskMessage(`p${priority}`, { priority })));

      expect(taskIds(await take(4))).toEqual(['p0', 'p1', 'p2', 'p3']);
    });

    test('A3: one level is outweighed by waiting longer than ageingMs, and by no less', async () => {
      const { broker, take, ageingMs } = await openBroker(open);
      const at = (taskId: string, priority: 1 | 2, olderByMs: number) =>
        taskMessage(taskId, { priority, readyAt: START - olderByMs });
      await broker.publish([at('high', 1, 0), at('old', 2, ageingMs + 10), at('younger', 2, ageingMs - 10)]);

      expect(taskIds(await take(3))).toEqual(['old', 'high', 'younger']);
    });

    test('A3: a low message does not starve behind critical ones', async () => {
      const { broker, take, ageingMs } = await openBroker(open);
      await broker.publish([taskMessage('low', { priority: 3, readyAt: START - 3 * ageingMs - 10 })]);
      await broker.publish(series('critical', 10, { priority: 0, readyAt: START }));

      expect(taskIds(await take(1))).toEqual(['low']);
    });

    test('A3: the oldest head of a priority counts, whichever tenant it belongs to', async () => {
      const { broker, take, ageingMs } = await openBroker(open);
      const readyAt = START - ageingMs - 10;
      await broker.publish([
        taskMessage('high', { priority: 1 }),
        taskMessage('young', { priority: 2, tenant: 'globex' }),
        taskMessage('old', { priority: 2, tenant: 'initech', readyAt }),
      ]);

      const order = taskIds(await take(3));
      expect(order.indexOf('old')).toBeLessThan(order.indexOf('high'));
    });

    test('A3: once the oldest head is taken, the next oldest counts', async () => {
      const { broker, take, ageingMs } = await openBroker(open);
      const old = (extraMs: number) => ({ priority: 2 as const, readyAt: START - ageingMs - extraMs });
      await broker.publish([
        taskMessage('high', { priority: 1 }),
        taskMessage('oldest', { ...old(20), tenant: 'globex' }),
        taskMessage('young', { priority: 2, tenant: 'globex' }),
        taskMessage('old', { ...old(10), tenant: 'initech' }),
      ]);

      expect(taskIds(await take(4))).toEqual(['oldest', 'old', 'high', 'young']);
    });
  });

  describe('keeps lists apart', () => {
    test('A3: only the requested lanes are served', async () => {
      const { broker, take, drain } = await openBroker(open);
      await broker.publish(['x', 'y', 'z'].map((lane) => taskMessage(`in-${lane}`, { lane })));

      const first = await take(10, { lanes: ['x', 'z'] });
      const rest = first.length < 2 ? await take(10, { lanes: ['x', 'z'] }) : [];
      expect(taskIds([...first, ...rest]).toSorted()).toEqual(['in-x', 'in-z']);
      expect(taskIds(await drain('y'))).toEqual(['in-y']);
    });

    test('A1: depths count what waits on each list, in the order asked', async () => {
      const { broker, other, take } = await openBroker(open);
      await broker.publish([
        ...series('a', 3, { priority: 0 }),
        ...series('b', 2, { priority: 0, tenant: 'globex' }),
        ...series('c', 1, { lane: 'gpu' }),
      ]);
      await take(1);

      const list = (lane: string, tenant: string, priority: 0 | 2): LaneList => ({ lane, tenant, priority });
      const lists = [list('gpu', 'acme', 2), list('default', 'acme', 0), list('default', 'globex', 0)];
      expect(await other.depths([...lists, list('default', 'acme', 2)])).toEqual([1, 2, 2, 0]);
    });
  });
}
