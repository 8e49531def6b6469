import { z } from 'zod';
import { JsonRecord } from './json.ts';
import { Tags } from './name.ts';
import { DurationMs } from './policy.ts';
import { Instant } from './wire.ts';

/** How an endpoint is spoken to. */
export const EndpointProtocol = z
  .enum(['webhook', 'api_chat', 'openai_chat', 'a2a', 'mqtt', 'redis_stream'])
  .meta({ id: 'EndpointProtocol', description: 'How an endpoint is spoken to' });
export type EndpointProtocol = z.infer<typeof EndpointProtocol>;

/** An endpoint's name; unique within its tenant. */
export const EndpointName = z
  .string()
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}$/, {
    error: "an endpoint's name has 1 to 63 of a-z A-Z 0-9 . _ - and begins with a letter or digit",
  })
  .meta({ id: 'EndpointName', description: "An endpoint's name, unique within its tenant" });

const Usd = z.number().min(0).max(1_000_000);

/** What a call costs; what is left out costs nothing. */
export const EndpointPrice = z
  .strictObject({
    inputPerMTok: Usd.optional().meta({ description: 'USD for a million tokens of input' }),
    outputPerMTok: Usd.optional().meta({ description: 'USD for a million tokens of output' }),
    perCall: Usd.optional().meta({ description: 'USD for a call' }),
  })
  .meta({ id: 'EndpointPrice', description: 'What a call costs' });
export type EndpointPrice = z.infer<typeof EndpointPrice>;

const PerMinute = z.int().min(1).max(1_000_000_000);

/** What the provider allows, for all workers together. */
export const EndpointLimits = z
  .strictObject({ requestsPerMinute: PerMinute.optional(), tokensPerMinute: PerMinute.optional() })
  .meta({ id: 'EndpointLimits', description: 'What the provider allows, for all workers together' });
export type EndpointLimits = z.infer<typeof EndpointLimits>;

/** How it is found out whether an endpoint is there. */
export const EndpointHealthCheck = z
  .strictObject({
    url: z.string().max(2000).optional().meta({ description: "What is asked; without it, the endpoint's own URL" }),
    everyMs: DurationMs.min(1000).optional().meta({ description: 'How often (30000)' }),
    enabled: z.boolean().optional().meta({ description: 'Whether it is asked at all (true)' }),
  })
  .meta({ id: 'EndpointHealthCheck', description: 'How it is found out whether an endpoint is there' });
export type EndpointHealthCheck = z.infer<typeof EndpointHealthCheck>;

const fields = {
  protocol: EndpointProtocol,
  url: z.string().min(1).max(2000),
  model: z.string().min(1).max(200).optional().meta({ description: 'The model that is asked for, if it has several' }),
  tags: Tags.optional(),
  specialties: Tags.optional().meta({ description: 'Kinds of work that it is best at' }),
  maxConcurrent: z.int().min(1).max(100_000).optional().meta({ description: 'Calls under way at once (1)' }),
  price: EndpointPrice.optional(),
  limits: EndpointLimits.optional(),
  health: EndpointHealthCheck.optional(),
  options: JsonRecord.optional().meta({ description: 'What only its protocol knows' }),
};

const Token = z.union([z.string().min(1).max(10_000), z.strictObject({ secret: z.string().min(1).max(200) })]).meta({
  description: 'Sent as its credential; stored encrypted and never shown, or the name of a secret of the worker',
});

/** The body of `POST /v1/endpoints`. */
export const NewEndpoint = z
  .strictObject({ name: EndpointName, ...fields, token: Token.optional() })
  .meta({ id: 'NewEndpoint', description: 'Something outside that does work' });
export type NewEndpoint = z.infer<typeof NewEndpoint>;

export const EndpointStatus = z.enum(['active', 'draining', 'open', 'dead']).meta({
  description: 'draining: gets no new work; open: its circuit is open; dead: it does not answer its health check',
});
export type EndpointStatus = z.infer<typeof EndpointStatus>;

export const Circuit = z.enum(['closed', 'open', 'half_open']);
export type Circuit = z.infer<typeof Circuit>;

/** An endpoint as it is shown: with how it is, and without its token. */
export const Endpoint = z
  .object({
    name: EndpointName,
    ...fields,
    tags: Tags,
    specialties: Tags,
    maxConcurrent: z.int(),
    hasToken: z.boolean(),
    status: EndpointStatus,
    circuit: Circuit,
    latencyMs: z.number().nullable().meta({ description: 'Smoothed over its answers; null before the first one' }),
    running: z.int().min(0).meta({ description: 'Calls under way' }),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'Endpoint', description: 'Something outside that does work, and how it is' });
export type Endpoint = z.infer<typeof Endpoint>;
