/**
 * Who may be reached from here: public addresses, and those that WEFT_ALLOW_PRIVATE names.
 *
 * The judgement lies where a connection is made, and nowhere earlier: a name is resolved once, every address it has must be
 * allowed, and the connection goes to one of those very addresses. A name that leads elsewhere a moment later, or is spelled
 * oddly, or came in a redirect, meets the same rule.
 */
import { lookup as systemLookup } from 'node:dns/promises';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { callbackify } from 'node:util';

import { addressKind } from './address-kind.ts';
import type { AllowList } from './allow-list.ts';
import { allowsAddress, allowsHost } from './allow-list.ts';

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<LookupAddress[]>;

/** Nothing may be sent there: `address_refused`. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
  readonly code = 'address_refused';
}

export class OutgoingGuard {
  readonly #allowed: AllowList;
  readonly #resolve: Resolve;

  constructor(allowed: AllowList, resolve: Resolve = (host) => systemLookup(host, { all: true })) {
    this.#allowed = allowed;
    this.#resolve = resolve;
  }

  /** Why nothing may be sent to this host, if that can be said without asking for its addresses; else null. */
  problemOf(host: string, port: number): AddressRefusedError | null {
    const name = bare(host);
    return isIP(name.split('%')[0] ?? '') === 0 ? null : this.#judge(name, port, name);
  }

  /** What `net.connect` asks for the addresses of a name; those that are refused never reach it. */
  lookup(port: number): LookupFunction {
    const find = callbackify((host: string, family: number) => this.#addresses(host, port, family));
    return (host, options, callback) => {
      find(host, familyOf(options.family), (error, found) => {
        const [first] = found ?? [];
        if (first === undefined) callback(error ?? notFound(host), '', 0);
        else if (options.all === true) callback(null, found);
        else callback(null, first.address, first.family);
      });
    };
  }

  async #addresses(host: string, port: number, family: number): Promise<LookupAddress[]> {
    const all = await this.#resolve(host);
    for (const { address } of all) {
      const problem = this.#judge(address, port, host);
      if (problem !== null) throw problem;
    }
    return all.filter((address) => family === 0 || address.family === family);
  }

  #judge(address: string, port: number, host: string): AddressRefusedError | null {
    const kind = addressKind(address);
    if (kind === 'public' || allowsAddress(this.#allowed, address, port, kind)) return null;
    if (kind !== 'metadata' && allowsHost(this.#allowed, nameOf(host), port)) return null;
    const what = host === address ? `${address} is` : `${host} leads to ${address},`;
    return new AddressRefusedError(
      `${what} a ${kind} address: nothing is sent there unless WEFT_ALLOW_PRIVATE names it`,
    );
  }
}

/** A host as it stands in a URL: IPv6 addresses in brackets. */
export function bare(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}

function nameOf(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

function familyOf(family: string | number | undefined): number {
  if (family === 'IPv4') return 4;
  return family === 'IPv6' ? 6 : Number(family ?? 0);
}

function notFound(host: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${host} has no address`), { code: 'ENOTFOUND' });
}
