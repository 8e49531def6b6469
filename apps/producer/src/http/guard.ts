/** Who may call: the operator by the token, a tenant by its key, and no foreign web page through a user's browser. */
import { AppError } from '@weft/contract';
import type { FastifyInstance, FastifyRequest } from 'fastify';

import type { AppOptions } from '../app-options.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import { registerCaller, requireRole } from './caller.ts';
import type { Role } from './caller.ts';
import { isLoopback } from './loopback.ts';
import { Porter } from './porter.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * May be called by anybody: holds nothing of anybody's data. `untilKeys`: only as long as all data is the default
     * tenant's, since no key was ever made.
     */
    isOpen?: boolean | 'untilKeys';
    /** Who may call it, and whoever stands above; a member unless it says so. */
    needs?: Role;
  }
}

export function registerGuard(app: FastifyInstance, { token, clock }: AppOptions, ring: KeyRing): void {
  const porter = new Porter({ token, clock, ring });
  registerCaller(app);
  app.addHook('onRequest', async (request, reply) => {
    refuseForeignPages(request);
    if (token === null) refuseForeignNames(request);
    const { isOpen = false, needs = 'member' } = request.routeOptions.config ?? {};
    if (isOpen === true || (isOpen === 'untilKeys' && !(await ring.hasAny()))) return;
    const { caller, tenant } = await porter.admit(request, reply);
    requireRole(caller, needs);
    request.caller = caller;
    request.tenant = tenant;
  });
}

/** A browser names the page that makes it send something; only our own pages may. */
function refuseForeignPages({ headers, host }: FastifyRequest): void {
  const { origin } = headers;
  if (origin === undefined) return;
  if (!URL.canParse(origin) || new URL(origin).host !== host) {
    throw new AppError('forbidden', 'requests of pages from other origins are refused');
  }
}

/** Without a token the only protection is the address; a foreign name that leads to it (DNS rebinding) is refused. */
function refuseForeignNames({ hostname }: FastifyRequest): void {
  if (!isLoopback(hostname))
    throw new AppError('forbidden', 'without a token the server answers to loopback names only');
}
