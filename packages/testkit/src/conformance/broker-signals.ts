import { describe, expect, onTestFinished, test } from 'vitest';

import type { OpenBroker } from './opened-broker.ts';
import { BOUND_MS, openBroker } from './opened-broker.ts';

/** What a broker says besides messages: its epoch, and which runs are not wanted any more (rules A6 and A13). */
export function brokerSignals(open: OpenBroker): void {
  describe('signals', () => {
    test('A6: the epoch stays while the content does, for all clients', async () => {
      const { broker, other } = await openBroker(open);
      const epoch = await broker.epoch();

      expect(epoch).not.toBe('');
      expect([await broker.epoch(), await other.epoch()]).toEqual([epoch, epoch]);
    });

    test('A6: a broker that starts anew has another epoch', async () => {
      const [first, second] = [await openBroker(open), await openBroker(open)];

      expect(await first.broker.epoch()).not.toBe(await second.broker.epoch());
    });

    test('A13: all who listen hear of a revoked run, until they leave', async () => {
      const { broker, other } = await openBroker(open);
      const [stays, leaves]: [string[], string[]] = [[], []];
      onTestFinished(other.onRevoke((runId) => stays.push(runId)));
      const leave = other.onRevoke((runId) => leaves.push(runId));
      await heard(
        () => broker.revoke('run-1'),
        () => stays.includes('run-1') && leaves.includes('run-1'),
      );
      leave();
      await heard(
        () => broker.revoke('run-2'),
        () => stays.includes('run-2'),
      );

      expect(leaves).not.toContain('run-2');
    });
  });
}

/** Says it again until it is heard, since a subscription may take a while and what is said before is lost. */
async function heard(say: () => Promise<void>, isHeard: () => boolean): Promise<void> {
  const attempt = async (): Promise<boolean> => {
    await say();
    return isHeard();
  };
  await expect.poll(attempt, { timeout: BOUND_MS, interval: 10 }).toBe(true);
}
