/** What follows an attempt: the schedule of Standard Webhooks, and a circuit for receivers that are away. */
import type { DeliveryEnd, TakenDelivery } from '@weft/engine/ports';

import type { Sent } from './send.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** The pauses after the first attempt, the second, and so on; then it is given up. About three days. */
export const SCHEDULE_MS: readonly number[] = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/** So many failures in a row open the circuit of a callback, for longer with each that follows. */
export const CIRCUIT: DeliveryEnd['circuit'] = {
  opensAfter: 5,
  firstMs: 30 * SECOND_MS,
  longestMs: 5 * MINUTE_MS,
};

/** `chance`: from 0 to 1; pauses grow by up to a tenth, so that what failed together does not come together. */
export function whatNext(
  sent: Sent,
  { attempts }: Pick<TakenDelivery, 'attempts'>,
  { schedule, chance }: { schedule: readonly number[]; chance: number },
): DeliveryEnd['next'] {
  if (sent.kind === 'taken') return { kind: 'delivered' };
  if (sent.kind === 'gone') return { kind: 'disable' };
  const pause = schedule[attempts];
  if (sent.kind === 'refused' || pause === undefined) return { kind: 'dead' };
  return { kind: 'retry', inMs: Math.max(Math.round(pause * (1 + chance / 10)), sent.retryAfterMs ?? 0) };
}
