import type { Broker, TaskMessage } from '@weft/engine/ports';
import { onTestFinished } from 'vitest';

import { ackOf, taskMessage } from '../task-message.ts';

/** A broker to test, empty at first. */
export type BrokerUnderTest = {
  broker: Broker;
  /** Another client of the same lanes; the same object, if there can be one only. */
  other: Broker;
  /** How long the broker was told that waiting outweighs one level of priority. */
  ageingMs: number;
  dispose?: () => Promise<void>;
};

/** Opens a broker of its own for every test. */
export type OpenBroker = () => BrokerUnderTest | Promise<BrokerUnderTest>;

export type OpenedBroker = Omit<BrokerUnderTest, 'dispose'> & {
  /** Claims where something waits, as worker `w1` on the lane `default` unless told otherwise. */
  take: (limit: number, parts?: TakeParts) => Promise<TaskMessage[]>;
  /** Claims all that waits on a lane; an empty list if nothing does. */
  drain: (lane?: string) => Promise<TaskMessage[]>;
};

type TakeParts = { worker?: string; lanes?: readonly string[] };

/** The longest time that an answer may take before the test fails. */
export const BOUND_MS = 3_000;

const MORE_THAN_ANY_TEST_PUBLISHES = 100_000;

/** Opens a broker and closes it after the test. */
export async function openBroker(open: OpenBroker): Promise<OpenedBroker> {
  const { dispose, ...opened } = await open();
  if (dispose !== undefined) onTestFinished(dispose);
  const { other } = opened;
  return {
    ...opened,
    take: (limit, { worker = 'w1', lanes = ['default'] } = {}) =>
      other.claim({ worker, lanes, limit, signal: AbortSignal.timeout(BOUND_MS) }),
    drain: (lane = 'default') => drain(other, lane),
  };
}

/** A message that comes after all others ends the claim, so that an empty lane answers without a wait. */
async function drain(broker: Broker, lane: string): Promise<TaskMessage[]> {
  const last = taskMessage('last-of-all', { lane, priority: 3, readyAt: Date.UTC(2100, 0, 1) });
  await broker.publish([last]);
  const signal = AbortSignal.timeout(BOUND_MS);
  const limit = MORE_THAN_ANY_TEST_PUBLISHES;
  const messages = await broker.claim({ worker: 'drainer', lanes: [lane], limit, signal });
  await broker.publish([], [ackOf(last)]);
  if (messages.at(-1)?.taskId !== last.taskId) throw new Error('the claim did not end with the last message');
  return messages.slice(0, -1);
}

export function taskIds(messages: readonly TaskMessage[]): string[] {
  return messages.map((message) => message.taskId);
}
