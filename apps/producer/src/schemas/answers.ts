/** Answers that hold no shape of the contract, and the problems that every call may answer. */
import { Problem } from '@weft/contract';
import { z } from 'zod';

const problem = { description: 'A problem', content: { 'application/problem+json': { schema: Problem } } };

/** The answers of every call that fails. */
export const problems = { '4xx': problem, '5xx': problem };

export const Health = z.object({ status: z.literal('ok'), version: z.string() }).meta({ id: 'Health' });

/** A graph as JSON; the other formats are text. */
export const GraphJson = z
  .object({
    nodes: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        uses: z.string().exactOptional(),
        status: z.string().exactOptional(),
      }),
    ),
    edges: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        kind: z.enum(['plain', 'route', 'goto', 'item']),
        label: z.string().exactOptional(),
        isBack: z.literal(true).exactOptional(),
      }),
    ),
  })
  .meta({ id: 'Graph', description: 'The nodes and edges of a workflow' });
