/** What the figures of one moment ask for. */
import type { ScalingAction, WorkerAdvice } from '@weft/contract';

import { CRITICAL, HEALTHY } from './demand.ts';

const UP_ABOVE = 1;
const DOWN_BELOW = 0.2;

/** Between the thresholds nothing changes. Fewer only while all is well: those that are ill may come back or not. */
export function scalingAction(figures: { demandScore: number; healthScore: number }): ScalingAction {
  if (figures.demandScore > UP_ABOVE || figures.healthScore < CRITICAL) return 'scale_up';
  return figures.demandScore < DOWN_BELOW && figures.healthScore >= HEALTHY ? 'scale_down' : 'hold';
}

const BUSY_ABOVE = 5;

/** The same of one node by itself: whether it has too much to do, or nothing. Null: neither. */
export function nodeAdvice(activeTasks: number): WorkerAdvice['action'] | null {
  if (activeTasks > BUSY_ABOVE) return 'scale_up';
  return activeTasks <= 0 ? 'scale_down' : null;
}
