import { z } from 'zod';
import { pageOf, PageQuery } from './page.ts';
import { TenantName } from './tenant.ts';
import { Id, Instant } from './wire.ts';

/** A hundred years. */
const LONGEST_MS = 100 * 365 * 24 * 3_600_000;

/** What a key may do in its tenant. */
export const KeyRole = z.enum(['member', 'admin']).meta({
  id: 'KeyRole',
  description: 'A member works with workflows and runs; an admin also deletes, decides what is kept, and manages keys',
});
export type KeyRole = z.infer<typeof KeyRole>;

export const KeyStatus = z.enum(['live', 'expired', 'revoked']);
export type KeyStatus = z.infer<typeof KeyStatus>;

/** An API key without its secret. */
export const ApiKey = z
  .object({
    id: Id,
    tenant: TenantName,
    name: z.string(),
    role: KeyRole,
    status: KeyStatus,
    prefix: z.string().meta({ description: 'How the key begins; the secret follows' }),
    createdAt: Instant,
    lastUsedAt: Instant.nullable().meta({ description: 'Within a minute or two' }),
    expiresAt: Instant.nullable(),
    revokedAt: Instant.nullable(),
  })
  .meta({ id: 'ApiKey', description: 'An API key without its secret' });
export type ApiKey = z.infer<typeof ApiKey>;

/** The answer of `POST /v1/keys`. */
export const CreatedKey = ApiKey.extend({
  key: z.string().meta({ description: 'The key itself; it is shown this once' }),
}).meta({ id: 'CreatedKey', description: 'A new API key with its secret' });
export type CreatedKey = z.infer<typeof CreatedKey>;

/** The body of `POST /v1/keys`, which may be left out. */
export const CreateKey = z
  .strictObject({
    tenant: TenantName.optional().meta({ description: 'That of the request; another one for the operator only' }),
    name: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^\p{Cc}\p{Cs}]*$/u, { error: 'no control characters' })
      .optional()
      .meta({ description: 'What it is for' }),
    role: KeyRole.optional().meta({ description: 'member, unless it says so' }),
    expiresMs: z.int().min(1).max(LONGEST_MS).optional().meta({ description: 'It ends after so long; else never' }),
  })
  .nullish()
  .meta({ id: 'CreateKey', description: 'What a new key is for' });
export type CreateKey = z.infer<typeof CreateKey>;

/** The query of `GET /v1/keys`. */
export const ListKeysQuery = PageQuery.extend({
  tenant: TenantName.optional().meta({ description: 'Only its keys; the operator sees all of them otherwise' }),
});
export type ListKeysQuery = z.infer<typeof ListKeysQuery>;

export const KeyPage = pageOf(ApiKey).meta({ id: 'KeyPage' });
export type KeyPage = z.infer<typeof KeyPage>;
