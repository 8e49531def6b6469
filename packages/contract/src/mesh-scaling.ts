import { z } from 'zod';
import { HealthBand } from './mesh-status.ts';
import { Instant } from './wire.ts';

export const ScalingAction = z.enum(['scale_up', 'scale_down', 'hold']);
export type ScalingAction = z.infer<typeof ScalingAction>;

export const ScalingReason = z.enum(['steady', 'demand', 'health', 'quiet', 'confirming', 'cooldown', 'bound']).meta({
  description:
    'steady: nothing to change; demand, health, quiet: why it changes; confirming: not wanted for long enough; cooldown: changed a moment ago; bound: no more or fewer workers allowed',
});
export type ScalingReason = z.infer<typeof ScalingReason>;

const figures = {
  demandScore: z.number().min(0).meta({ description: '0.6 * queueDepth / 50 + 0.4 * avgLatencyMs / slaMs, 4 places' }),
  queueDepth: z.int().min(0),
  avgLatencyMs: z.number().min(0),
  healthScore: z.number().min(0).max(1),
};

/** Workers were, or should be, more or fewer. `by`: the mesh itself, or the scaler that did it. */
export const ScalingEvent = z
  .object({
    at: Instant,
    by: z.string(),
    action: ScalingAction,
    reason: ScalingReason,
    fromWorkers: z.int().min(0),
    toWorkers: z.int().min(0),
    ...figures,
  })
  .meta({ id: 'ScalingEvent', description: 'Workers were, or should be, more or fewer' });
export type ScalingEvent = z.infer<typeof ScalingEvent>;

/** Whether a worker by itself has too much to do, or nothing. */
export const WorkerAdvice = z.object({
  worker: z.string(),
  running: z.int().min(0),
  action: z.enum(['scale_up', 'scale_down']),
});
export type WorkerAdvice = z.infer<typeof WorkerAdvice>;

/** Whether the mesh needs more workers or fewer, and what that is reckoned from. */
export const Scaling = z
  .object({
    action: ScalingAction.meta({ description: 'With hysteresis and cooldown' }),
    wanted: ScalingAction.meta({ description: 'By the figures of this moment alone' }),
    reason: ScalingReason,
    ...figures,
    heldBack: z.int().min(0).meta({ description: 'Tasks that no further worker would help' }),
    slaMs: z.int().min(1),
    health: HealthBand,
    activeNodes: z.int().min(0).meta({ description: 'Workers in good order' }),
    totalNodes: z.int().min(0).meta({ description: 'Workers, without those that were told to take nothing more' }),
    workersWanted: z.int().min(0),
    recommendations: z.array(WorkerAdvice),
    decidedAt: Instant,
    scaleEvents: z.array(ScalingEvent).meta({ description: 'The newest first, at most 100' }),
  })
  .meta({ id: 'Scaling', description: 'Whether the mesh needs more workers or fewer' });
export type Scaling = z.infer<typeof Scaling>;

/** The body of `PUT /v1/mesh/scaling`. */
export const SetScaling = z
  .strictObject({
    slaMs: z
      .int()
      .min(1)
      .max(86_400_000)
      .meta({ description: 'How long a task should take from ready to ended (5000)' }),
  })
  .meta({ id: 'SetScaling', description: 'What the scaling decision is held to' });
export type SetScaling = z.infer<typeof SetScaling>;
