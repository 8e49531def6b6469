import { z } from 'zod';

/** An owner of workflows, runs, keys and quotas. */
export const TenantName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, {
    error: "a tenant's name has 1 to 63 of a-z 0-9 . _ - and begins with a letter or digit",
  })
  .meta({ id: 'TenantName', description: 'The name of a tenant' });
export type TenantName = z.infer<typeof TenantName>;

/** Whose everything is that nobody says the tenant of. */
export const DEFAULT_TENANT = 'default';

/** The header by which the operator acts in another tenant than the default one. */
export const TENANT_HEADER = 'weft-tenant';
