import { z } from 'zod';

const Depth = z.int().min(0);

/** How many tasks wait on a lane. */
export const LaneStatus = z
  .object({
    name: z.string(),
    depth: Depth.meta({ description: 'Tasks that wait to be claimed' }),
    depths: z.object({ critical: Depth, high: Depth, normal: Depth, low: Depth }),
    backlogged: z
      .boolean()
      .meta({ description: 'More tasks wait in the store, because the window of the lane is full' }),
  })
  .meta({ id: 'LaneStatus', description: 'How many tasks wait on a lane' });
export type LaneStatus = z.infer<typeof LaneStatus>;
