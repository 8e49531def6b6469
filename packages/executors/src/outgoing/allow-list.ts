/** Which addresses may be reached although they are not public: what WEFT_ALLOW_PRIVATE says. */
import { BlockList, isIP, isIPv4, isIPv6 } from 'node:net';

import type { AddressKind } from './address-kind.ts';
import { carriedV4 } from './address-kind.ts';

/** WEFT_ALLOW_PRIVATE is wrong; the message is one line that says which entry and why. */
export class AllowListError extends Error {
  override readonly name = 'AllowListError';
  readonly code = 'bad_config';
}

type Entry = {
  port: number | null;
  /** Of an entry that is a name: itself, or `.example.org` for all below it. */
  host: string | null;
  /** Of an entry of addresses. */
  list: BlockList | null;
  /** It is one address, and not a range. */
  isExact: boolean;
};

export type AllowList = readonly Entry[];

/** Whether a name on a port may lead wherever it leads, except to a metadata address. */
export function allowsHost(list: AllowList, host: string, port: number): boolean {
  return list.some((entry) => entry.host !== null && isOnPort(entry, port) && matches(entry.host, host));
}

/** A range does not open a metadata address that lies in it: that one must be named by itself. */
export function allowsAddress(list: AllowList, address: string, port: number, kind: AddressKind): boolean {
  const [plain = ''] = address.split('%');
  const seen = isIPv6(plain) ? (carriedV4(plain) ?? plain) : plain;
  const family = isIPv4(seen) ? 'ipv4' : 'ipv6';
  return list.some(
    (entry) => isOnPort(entry, port) && (entry.isExact || kind !== 'metadata') && entry.list?.check(seen, family),
  );
}

/**
 * Reads entries, separated by commas or spaces: an address (`127.0.0.1`, `::1`), a range (`10.1.0.0/16`), a name
 * (`ollama.internal`) or all names below one (`*.internal`); each may end in a port (`127.0.0.1:11434`, `[::1]:8080`).
 *
 * @throws AllowListError
 */
export function readAllowList(text: string): AllowList {
  return text
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(readEntry);
}

const NAME =
  /^(?!.*\.$)(?:\*\.)?(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;

function readEntry(text: string): Entry {
  const { place, port } = withoutPort(text.toLowerCase());
  const [network = '', bits, ...rest] = place.split('/');
  if (isIP(network) !== 0 && rest.length === 0) return addresses(text, { network, bits, port });
  // What ends in a number is an address in an odd spelling, and would never be compared with what it means.
  if (NAME.test(place) && !/(^|\.)(\d+|0x[0-9a-f]*)$/.test(place)) {
    return { port, host: place.startsWith('*.') ? place.slice(1) : place, list: null, isExact: false };
  }
  throw new AllowListError(
    `WEFT_ALLOW_PRIVATE: ${JSON.stringify(text)} is no address, range (10.0.0.0/8), name or *.name`,
  );
}

function addresses(
  text: string,
  { network, bits, port }: { network: string; bits: string | undefined; port: number | null },
): Entry {
  const family = isIPv4(network) ? 'ipv4' : 'ipv6';
  const most = family === 'ipv4' ? 32 : 128;
  const length = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(length >= 0 && length <= most)) {
    throw new AllowListError(`WEFT_ALLOW_PRIVATE: ${JSON.stringify(text)}: the length of a range is 0 to ${most}`);
  }
  const list = new BlockList();
  list.addSubnet(network, length, family);
  return { port, host: null, list, isExact: length === most };
}

/** A bare IPv6 address holds colons and no port; with one it stands in brackets. */
function withoutPort(text: string): { place: string; port: number | null } {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<other>[^:]+))(?::(?<port>\d{1,5}))?$/.exec(text);
  const { v6, other, port } = match?.groups ?? {};
  const place = v6 ?? other ?? text;
  if (port === undefined) return { place, port: null };
  if (Number(port) > 65_535 || Number(port) === 0)
    throw new AllowListError(`WEFT_ALLOW_PRIVATE: ${text}: no such port`);
  return { place, port: Number(port) };
}

function matches(entry: string, host: string): boolean {
  return entry.startsWith('.') ? host.endsWith(entry) : host === entry;
}

function isOnPort({ port }: Entry, wanted: number): boolean {
  return port === null || port === wanted;
}
