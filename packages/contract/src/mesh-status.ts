import { z } from 'zod';
import { Circuit, EndpointName, EndpointStatus } from './endpoint.ts';
import { Instant } from './wire.ts';

/** The circuit of an endpoint, and what it is reckoned from. */
export const CircuitState = z
  .object({
    endpoint: EndpointName,
    circuit: Circuit,
    status: EndpointStatus,
    retryAt: Instant.nullable().meta({ description: 'When it may be tried again, as far as that is known' }),
    running: z.int().min(0),
    latencyMs: z.number().nullable().meta({ description: 'Smoothed over its answers' }),
    succeeded: z.number().min(0).meta({ description: 'Of its answers, the recent ones above all' }),
    failed: z.number().min(0),
    problem: z.string().nullable(),
  })
  .meta({ id: 'CircuitState', description: 'The circuit of an endpoint' });
export type CircuitState = z.infer<typeof CircuitState>;

export const CircuitList = z.object({ items: z.array(CircuitState) }).meta({ id: 'CircuitList' });
export type CircuitList = z.infer<typeof CircuitList>;

export const HealthBand = z.enum(['healthy', 'degraded', 'critical']);
export type HealthBand = z.infer<typeof HealthBand>;

/** How the endpoints of a tenant are, and its work. */
export const MeshMetrics = z
  .object({
    nodesActive: z.int().min(0).meta({ description: 'Endpoints that take work' }),
    nodesTotal: z.int().min(0),
    circuitBreakersOpen: z.int().min(0),
    healthScore: z.number().min(0).max(1).meta({ description: '(active - failing) / all of the endpoints' }),
    health: HealthBand,
    queueDepth: z.int().min(0).meta({ description: 'Tasks that wait for a worker, on the lanes and in the store' }),
    heldBack: z.int().min(0).meta({ description: 'Tasks that wait for a limit, or for an endpoint with room' }),
    avgLatencyMs: z
      .number()
      .min(0)
      .meta({ description: 'From ready to ended, of what ended lately; 0 if nothing did' }),
    tasksPerSecond: z.number().min(0),
    emergency: z.boolean(),
  })
  .meta({ id: 'MeshMetrics', description: 'How the endpoints of a tenant are, and its work' });
export type MeshMetrics = z.infer<typeof MeshMetrics>;

/** The body of `PUT /v1/mesh/emergency`. */
export const SetEmergency = z
  .strictObject({
    active: z.boolean(),
    reason: z.string().min(1).max(500).optional(),
    everywhere: z
      .boolean()
      .optional()
      .meta({ description: 'For all tenants, which only the operator may say (false)' }),
  })
  .meta({ id: 'SetEmergency', description: 'Sends everything to the cheapest endpoint, until it is taken back' });
export type SetEmergency = z.infer<typeof SetEmergency>;

export const Emergency = z
  .object({
    active: z.boolean(),
    everywhere: z.boolean().meta({ description: 'Whether it is so for all tenants' }),
    since: Instant.nullable(),
    reason: z.string().nullable(),
  })
  .meta({ id: 'Emergency', description: 'Whether everything goes to the cheapest endpoint' });
export type Emergency = z.infer<typeof Emergency>;
