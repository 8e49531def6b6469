import { z } from 'zod';
import { pageOf } from './page.ts';
import { Instant } from './wire.ts';

export const WorkerStatus = z.enum(['active', 'cordoned', 'draining', 'dead']).meta({ id: 'WorkerStatus' });
export type WorkerStatus = z.infer<typeof WorkerStatus>;

export const WorkerZone = z.enum(['green', 'yellow', 'orange', 'red', 'critical']).meta({
  id: 'WorkerZone',
  description:
    'How near a worker is to its limits: green works freely, yellow grows slowly, orange claims nothing, red hands back, critical leaves for another process',
});
export type WorkerZone = z.infer<typeof WorkerZone>;

export const Worker = z
  .object({
    id: z.string().meta({ description: 'One incarnation of a worker process' }),
    name: z.string().meta({ description: 'The name it was given; stays the same over restarts' }),
    host: z.string(),
    pid: z.int().min(0),
    version: z.string(),
    status: WorkerStatus,
    lanes: z.array(z.string()),
    executors: z.array(z.string()).exactOptional().meta({ description: 'Executors and handlers it offers' }),
    slots: z.int().min(0),
    running: z.int().min(0),
    rssBytes: z.int().min(0),
    heapBytes: z.int().min(0).exactOptional(),
    eventLoopLagMs: z.number().min(0).exactOptional(),
    memoryBytes: z
      .int()
      .min(0)
      .exactOptional()
      .meta({ description: 'Of the process and those its tasks have started' }),
    memoryLimitBytes: z.int().min(0).exactOptional(),
    healthScore: z.number().min(0).max(1).exactOptional().meta({ description: '1 - memory/limit' }),
    zone: WorkerZone.exactOptional(),
    slotsEffective: z.int().min(0).exactOptional().meta({ description: 'Tasks that it would run at once now' }),
    startedAt: Instant,
    seenAt: Instant.meta({ description: 'Its last heartbeat' }),
  })
  .meta({ id: 'Worker', description: 'A process that claims tasks and runs executors' });
export type Worker = z.infer<typeof Worker>;

export const WorkerPage = pageOf(Worker).meta({ id: 'WorkerPage' });
export type WorkerPage = z.infer<typeof WorkerPage>;
