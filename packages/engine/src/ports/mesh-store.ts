import type { ScalingMemory } from '../domain/scaling/decide-scaling.ts';
import type { Scaling, ScalingEvent } from '@weft/contract';

/** Where everything goes to the cheapest endpoint. `tenant` ALL_TENANTS: everywhere. Epoch ms. */
export type EmergencyRecord = { tenant: string; since: number; reason: string | null };

export const ALL_TENANTS = '*';

/** A decision as it is kept: what is shown of it, but for its history and its time. */
export type ScalingDecision = Omit<Scaling, 'scaleEvents' | 'decidedAt'>;

/** `memory` and `decision`: null before the first one. Instants are the store's, epoch ms. */
export type ScalingRecord = {
  slaMs: number;
  memory: ScalingMemory | null;
  decision: ScalingDecision | null;
  decidedAt: number | null;
  now: number;
};

export type ScalingEventRecord = Omit<ScalingEvent, 'at'> & { at: number };

/** What holds for the whole mesh: where money is to be saved, and whether there shall be more workers or fewer. */
export type MeshStore = {
  emergencies(): Promise<EmergencyRecord[]>;
  /** Null: it is over. The registry of endpoints counts it as a change. */
  setEmergency(tenant: string, emergency: { reason: string | null } | null): Promise<void>;
  scaling(): Promise<ScalingRecord>;
  saveScaling(decision: ScalingDecision, memory: ScalingMemory): Promise<void>;
  setSla(slaMs: number): Promise<void>;
  /** Some of the last ones are kept. */
  addScalingEvent(event: Omit<ScalingEventRecord, 'at'>): Promise<void>;
  /** The newest first. */
  scalingEvents(limit: number): Promise<ScalingEventRecord[]>;
};
