/**
 * The decision whether there shall be more workers or fewer: what the figures ask for, held until they have asked for it long
 * enough (hysteresis), and not again until the last change has had time to show (cooldown).
 */
import type { ScalingAction, ScalingReason } from '@weft/contract';

import { CRITICAL } from './demand.ts';
import { scalingAction } from './scaling-action.ts';

/** What has to be known of the decisions before: since when the same is wanted, and when workers were changed last. Epoch ms. */
export type ScalingMemory = { wanted: ScalingAction; since: number; changedAt: number | null };

export type ScalingRules = { min: number; max: number; upAfterMs: number; downAfterMs: number; cooldownMs: number };

export type ScalingFigures = {
  demandScore: number;
  healthScore: number;
  /** How many there are now, of those that may be added and taken away. */
  workers: number;
  now: number;
};

export type ScalingVerdict = {
  action: ScalingAction;
  wanted: ScalingAction;
  reason: ScalingReason;
  workersWanted: number;
  memory: ScalingMemory;
};

export const SCALING_RULES: ScalingRules = {
  min: 1,
  max: Number.MAX_SAFE_INTEGER,
  upAfterMs: 10_000,
  downAfterMs: 60_000,
  cooldownMs: 60_000,
};

export function decideScaling(
  figures: ScalingFigures,
  before: ScalingMemory | null,
  rules: ScalingRules,
): ScalingVerdict {
  const { workers, now } = figures;
  const outside = Math.min(rules.max, Math.max(rules.min, workers));
  const wanted = scalingAction(figures);
  const since = before?.wanted === wanted ? before.since : now;
  const memory: ScalingMemory = { wanted, since, changedAt: before?.changedAt ?? null };
  if (outside !== workers) {
    const action = outside > workers ? 'scale_up' : 'scale_down';
    return { action, wanted, reason: 'bound', workersWanted: outside, memory: { ...memory, changedAt: now } };
  }
  const target = targetOf(wanted, figures, rules);
  const held = holdReason({ wanted, target, figures, memory }, rules);
  if (held) return { action: 'hold', wanted, reason: held, workersWanted: workers, memory };
  const reason = reasonOf(wanted, figures);
  return { action: wanted, wanted, reason, workersWanted: target, memory: { wanted, since: now, changedAt: now } };
}

/** More: as many as the demand asks for, at most twice as many as there are. Fewer: one at a time. */
function targetOf(wanted: ScalingAction, { workers, demandScore }: ScalingFigures, { min, max }: ScalingRules): number {
  if (wanted === 'hold') return workers;
  if (wanted === 'scale_down') return Math.max(min, workers - 1);
  return Math.min(max, Math.max(workers + 1, Math.ceil(workers * Math.min(2, demandScore))));
}

type Wish = { wanted: ScalingAction; target: number; figures: ScalingFigures; memory: ScalingMemory };

function holdReason(
  { wanted, target, figures: { workers, now }, memory }: Wish,
  { upAfterMs, downAfterMs, cooldownMs }: ScalingRules,
): ScalingReason | null {
  if (wanted === 'hold') return 'steady';
  if (target === workers) return 'bound';
  if (now - memory.since < (wanted === 'scale_up' ? upAfterMs : downAfterMs)) return 'confirming';
  return memory.changedAt !== null && now - memory.changedAt < cooldownMs ? 'cooldown' : null;
}

function reasonOf(wanted: ScalingAction, { healthScore }: ScalingFigures): ScalingReason {
  if (wanted === 'scale_down') return 'quiet';
  return healthScore < CRITICAL ? 'health' : 'demand';
}
