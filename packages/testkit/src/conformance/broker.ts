import { describe } from 'vitest';

import { brokerClaiming } from './broker-claiming.ts';
import { brokerHolding } from './broker-holding.ts';
import { brokerLaneOrder } from './broker-lane-order.ts';
import { brokerModel } from './broker-model.ts';
import { brokerOrder } from './broker-order.ts';
import { brokerSignals } from './broker-signals.ts';
import type { OpenBroker } from './opened-broker.ts';

export type { BrokerUnderTest, OpenBroker } from './opened-broker.ts';

export type BrokerConformanceOptions = {
  /** Of the randomised test: how many seeds (20), each with how many random steps (150). */
  seeds?: number;
  stepsPerSeed?: number;
};

/** What every broker promises (rules A2 to A4 and A6), in hand-written cases and in a randomised one against a model. */
export function brokerConformance(name: string, open: OpenBroker, options: BrokerConformanceOptions = {}): void {
  describe(`the broker ${name}`, () => {
    brokerHolding(open);
    brokerOrder(open);
    brokerLaneOrder(open);
    brokerClaiming(open);
    brokerSignals(open);
    brokerModel(open, { seeds: options.seeds ?? 20, stepsPerSeed: options.stepsPerSeed ?? 150 });
  });
}
