/** Who sends a request, and whose data it is about. */
import { AppError, DEFAULT_TENANT } from '@weft/contract';
import type { FastifyInstance } from 'fastify';

/** What a caller may do: a member works with runs, an admin also decides what is kept and who has keys, the operator all. */
export type Role = 'member' | 'admin' | 'operator';

export type Caller = {
  role: Role;
  /** The tenant that the caller is limited to; null for the operator as long as no tenant is named. */
  scope: string | null;
  /** The id of the API key that it has called with, if it has. */
  key: string | null;
  /** Calls back once when the caller may not call any more. Returns the function that takes it back. */
  onRefused(listener: () => void): () => void;
};

declare module 'fastify' {
  interface FastifyRequest {
    caller: Caller;
    /** The tenant whose workflows and runs the request is about. */
    tenant: string;
  }
}

/** Whoever calls what anybody may call. */
const ANYBODY: Caller = { role: 'member', scope: DEFAULT_TENANT, key: null, onRefused: () => () => undefined };

export function registerCaller(app: FastifyInstance): void {
  app.decorateRequest('tenant', DEFAULT_TENANT);
  app.decorateRequest('caller', null as unknown as Caller);
  app.addHook('onRequest', async (request) => {
    request.caller = ANYBODY;
  });
}

const RANK: Readonly<Record<Role, number>> = { member: 0, admin: 1, operator: 2 };

/** Throws AppError `forbidden`. */
export function requireRole({ role }: Pick<Caller, 'role'>, needed: Role): void {
  if (RANK[role] >= RANK[needed]) return;
  const who =
    needed === 'operator'
      ? 'only the operator may do this, by the token of the server'
      : 'this takes a key of the role admin';
  throw new AppError('forbidden', who);
}
