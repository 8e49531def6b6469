import { AppError, DEFAULT_TENANT } from '@weft/contract';
import type { Clock, KeyRecord } from '@weft/engine/ports';
import type { FastifyReply, FastifyRequest } from 'fastify';

import { digestOf, isSameDigest, looksLikeKey, parseApiKey } from '../keys/api-key.ts';
import { FailedTries } from '../keys/failed-tries.ts';
import type { KeyRing } from '../keys/key-ring.ts';
import type { Caller } from './caller.ts';
import { credentialOf, tenantNamedBy } from './credentials.ts';

export type Admitted = { caller: Caller; tenant: string };

export type PorterDeps = { token: string | null; clock: Pick<Clock, 'monotonicMs'>; ring: KeyRing };

/** Says who a caller is, by the token, by a key, or without either as long as there are none. */
export class Porter {
  readonly #token: string | null;
  readonly #ring: KeyRing;
  readonly #failed: FailedTries;

  constructor({ token, clock, ring }: PorterDeps) {
    this.#token = token === null ? null : digestOf(token);
    this.#ring = ring;
    this.#failed = new FailedTries(clock);
  }

  /**
   * Throws AppError `unauthorized`, `too_many_requests` after too many wrong keys from one address, `forbidden` where a key names
   * another tenant than its own.
   */
  async admit(request: FastifyRequest, reply: FastifyReply): Promise<Admitted> {
    const credential = credentialOf(request);
    if (credential !== undefined && this.#isToken(credential)) return operator(request, () => () => undefined);
    if (!(credential !== undefined && looksLikeKey(credential)) && (await this.#needsNothing()))
      return operator(request, (listener) => this.#ring.watch(null, listener));
    if (credential === undefined) throw new AppError('unauthorized', SEND_ONE);
    return this.#tenant(request, await this.#keyOf(credential, request, reply));
  }

  #isToken(credential: string): boolean {
    return this.#token !== null && isSameDigest(digestOf(credential), this.#token);
  }

  /** With neither a token nor a key in the world, whoever reaches the server is its operator. */
  async #needsNothing(): Promise<boolean> {
    return this.#token === null && !(await this.#ring.hasAny());
  }

  /** A key that was verified here lately passes even where others from its address try wrong ones, as behind a proxy. */
  async #keyOf(credential: string, { ip }: FastifyRequest, reply: FastifyReply): Promise<KeyRecord> {
    const parts = parseApiKey(credential);
    const known = parts && this.#ring.recall(parts);
    if (known) return known;
    const retryAfterS = this.#failed.retryAfterS(ip);
    if (retryAfterS > 0) {
      reply.header('retry-after', String(retryAfterS));
      throw new AppError('too_many_requests', `too many wrong keys; try again in ${retryAfterS} s`);
    }
    const verdict = parts ? await this.#ring.verify(parts) : ({ kind: 'wrong' } as const);
    if (verdict.kind === 'live') return verdict.key;
    this.#failed.note(ip);
    throw new AppError('unauthorized', verdict.kind === 'wrong' ? SEND_ONE : `the key is ${verdict.kind}`);
  }

  #tenant(request: FastifyRequest, { id, tenant, role }: KeyRecord): Admitted {
    const named = tenantNamedBy(request);
    if (named !== null && named !== tenant)
      throw new AppError('forbidden', `this key acts in the tenant ${tenant} only`);
    return {
      caller: { role, scope: tenant, key: id, onRefused: (listener) => this.#ring.watch(id, listener) },
      tenant,
    };
  }
}

const SEND_ONE = 'send a valid key, or the token of the server, as "Authorization: Bearer KEY"';

function operator(request: FastifyRequest, onRefused: Caller['onRefused']): Admitted {
  const scope = tenantNamedBy(request);
  return { caller: { role: 'operator', scope, key: null, onRefused }, tenant: scope ?? DEFAULT_TENANT };
}
