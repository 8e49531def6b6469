import { ANY_LANE } from '@weft/engine/ports';
import type { LaneOrder } from '@weft/engine/ports';
import { describe, expect, test, vi } from 'vitest';

import { taskMessage } from '../task-message.ts';
import type { OpenBroker, OpenedBroker } from './opened-broker.ts';
import { openBroker, taskIds } from './opened-broker.ts';

const order = (parts: { weights?: Record<string, number>; paused?: string[] }): LaneOrder => {
  return { weights: new Map(Object.entries(parts.weights ?? {})), paused: new Set(parts.paused) };
};

const tell = ({ broker, other }: Pick<OpenedBroker, 'broker' | 'other'>, told: LaneOrder): void => {
  broker.arrange(told);
  other.arrange(told);
};

const series = (tenant: string, count: number) => {
  return Array.from({ length: count }, (_, n) => taskMessage(`${tenant}${n}`, { tenant }));
};

/** How shares and paused lanes change what is claimed (rule A3). */
export function brokerLaneOrder(open: OpenBroker): void {
  describe('keeps to the order that it is told', () => {
    test('A3: a tenant has as many messages in its turn as its weight says', async () => {
      const opened = await openBroker(open);
      const { broker, take } = opened;
      tell(opened, order({ weights: { acme: 3, globex: 0 } }));
      await broker.publish([...series('acme', 4), ...series('globex', 4)]);

      expect((await take(8)).map(({ workflow }) => workflow.tenant.charAt(0)).join('')).toBe('aaagaggg');
    });

    test('A3: a turn goes on in the next claim', async () => {
      const opened = await openBroker(open);
      const { broker, take } = opened;
      tell(opened, order({ weights: { acme: 3 } }));
      await broker.publish([...series('acme', 4), ...series('globex', 4)]);

      expect([await take(2), await take(3)].map(taskIds)).toEqual([
        ['acme0', 'acme1'],
        ['acme2', 'globex0', 'acme3'],
      ]);
    });

    test('A3: a weight that is set back to 1 is one message a turn again', async () => {
      const opened = await openBroker(open);
      const { broker, take } = opened;
      tell(opened, order({ weights: { acme: 3 } }));
      await broker.publish([...series('acme', 3), ...series('globex', 3)]);
      await take(6);
      tell(opened, order({ weights: { acme: 1 } }));
      await broker.publish([...series('acme', 3), ...series('globex', 3)]);

      expect((await take(6)).map(({ workflow }) => workflow.tenant.charAt(0)).join('')).toBe('agagag');
    });

    test('A1: nobody claims from a paused lane, whether by its name or as any', async () => {
      const opened = await openBroker(open);
      const { broker, take } = opened;
      tell(opened, order({ paused: ['slow'] }));
      await broker.publish([taskMessage('held', { lane: 'slow' }), taskMessage('free')]);

      expect(taskIds(await take(10, { lanes: ['slow', 'default'] }))).toEqual(['free']);
      await broker.publish([taskMessage('more')]);
      expect(taskIds(await take(10, { lanes: [ANY_LANE] }))).toEqual(['more']);
    });

    test.each([['slow'], [ANY_LANE]])(
      'A1: a claim of %s that waits gets what a lane held once it is resumed',
      async (lane) => {
        const opened = await openBroker(open);
        const { broker } = opened;
        tell(opened, order({ paused: ['slow'] }));
        await broker.publish([taskMessage('held', { lane: 'slow' })]);
        const onWait = vi.fn();
        const signal = AbortSignal.timeout(4000);
        const claim = broker.claim({ worker: 'w1', lanes: [lane], limit: 1, signal, onWait });
        await vi.waitUntil(() => onWait.mock.calls.length > 0);
        tell(opened, order({}));

        expect(taskIds(await claim)).toEqual(['held']);
      },
    );
  });
}
