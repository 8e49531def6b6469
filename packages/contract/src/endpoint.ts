import { z } from 'zod';
import { JsonRecord } from './json.ts';
import { Label, Tags } from './name.ts';
import { pageOf, PageQuery } from './page.ts';
import { DurationMs } from './policy.ts';
import { TenantName } from './tenant.ts';
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
  .strictObject({
    requestsPerMinute: PerMinute.optional(),
    tokensPerMinute: PerMinute.optional(),
    sharedBy: z.enum(['credential', 'model', 'endpoint']).optional().meta({
      description:
        'Which endpoints are counted together: those with the same token at the same server (default), those of them with the same model, or each alone',
    }),
  })
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

const MAX_OPTIONS_CHARACTERS = 65_536;

const Options = JsonRecord.refine((options) => JSON.stringify(options).length <= MAX_OPTIONS_CHARACTERS, {
  error: `options have at most ${MAX_OPTIONS_CHARACTERS} characters as JSON`,
}).meta({ description: 'What only its protocol knows; shown to everybody of the tenant, so no place for secrets' });

const required = { protocol: EndpointProtocol, url: z.string().min(1).max(2000) };

const optional = {
  model: z.string().min(1).max(200).optional().meta({ description: 'The model that is asked for, if it has several' }),
  tags: Tags.optional(),
  specialties: Tags.optional().meta({ description: 'Kinds of work that it is best at' }),
  maxConcurrent: z.int().min(1).max(100_000).optional().meta({ description: 'Calls under way at once (1)' }),
  price: EndpointPrice.optional(),
  limits: EndpointLimits.optional(),
  health: EndpointHealthCheck.optional(),
  options: Options.optional(),
};

const fields = { ...required, ...optional };

/** Printable, since it travels in headers; its text never stands in an error. */
const TokenText = z
  .string()
  .min(1)
  .max(10_000)
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, {
    error: 'a token has printable ASCII characters only, and no spaces around it',
  });

const SecretName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,99}$/, {
  error: "a secret's name has 1 to 100 of a-z A-Z 0-9 _ and begins with no digit",
});

const Token = z.union([TokenText, z.strictObject({ secret: SecretName })]).meta({
  description: 'Sent as its credential; stored encrypted and never shown, or the name of a secret of the worker',
});

/** The body of `PUT /v1/endpoints/{name}`. */
export const ReplaceEndpoint = z.strictObject({ ...fields, token: Token.optional() }).meta({
  id: 'ReplaceEndpoint',
  description: 'The endpoint as it shall be; what is left out is not set any more, its token as well',
});
export type ReplaceEndpoint = z.infer<typeof ReplaceEndpoint>;

/** The body of `POST /v1/endpoints`. */
export const NewEndpoint = z
  .strictObject({ name: EndpointName, ...fields, token: Token.optional() })
  .meta({ id: 'NewEndpoint', description: 'Something outside that does work' });
export type NewEndpoint = z.infer<typeof NewEndpoint>;

/** The body of `PATCH /v1/endpoints/{name}`. */
export const UpdateEndpoint = z
  .strictObject({
    protocol: required.protocol.optional(),
    url: required.url.optional(),
    model: optional.model.nullable(),
    tags: optional.tags.nullable(),
    specialties: optional.specialties.nullable(),
    maxConcurrent: optional.maxConcurrent.nullable(),
    price: optional.price.nullable(),
    limits: optional.limits.nullable(),
    health: optional.health.nullable(),
    options: optional.options.nullable(),
    token: Token.nullable().optional(),
  })
  .meta({
    id: 'UpdateEndpoint',
    description: 'What is given takes the place of what was; null removes it, and what is left out stays as it is',
  });
export type UpdateEndpoint = z.infer<typeof UpdateEndpoint>;

/** The body of `POST /v1/endpoints/{name}/circuit`. */
export const SetCircuit = z
  .strictObject({ circuit: z.enum(['closed', 'open']) })
  .meta({ id: 'SetCircuit', description: 'Closes a circuit, or opens it until it is closed again' });
export type SetCircuit = z.infer<typeof SetCircuit>;

/** One entry of the file of endpoints. */
export const FileEndpoint = z.strictObject({ ...NewEndpoint.shape, tenant: TenantName.optional() });
export type FileEndpoint = z.infer<typeof FileEndpoint>;

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
    problem: z
      .string()
      .nullable()
      .meta({ description: 'What its last health check found wrong, or why it is not known how it is; null: nothing' }),
    source: z
      .enum(['api', 'file'])
      .meta({ description: 'file: it stands in the file of endpoints, and is changed there' }),
    createdAt: Instant,
    updatedAt: Instant,
  })
  .meta({ id: 'Endpoint', description: 'Something outside that does work, and how it is' });
export type Endpoint = z.infer<typeof Endpoint>;

export const EndpointPage = pageOf(Endpoint).meta({ id: 'EndpointPage' });
export type EndpointPage = z.infer<typeof EndpointPage>;

/** The query of `GET /v1/endpoints`. */
export const ListEndpointsQuery = PageQuery.extend({
  tag: Label.optional().meta({ description: 'Only those with this tag' }),
  protocol: EndpointProtocol.optional(),
});
export type ListEndpointsQuery = z.infer<typeof ListEndpointsQuery>;
