/** What kind of address an IP address is, as far as it decides whether anything may be sent there. */
import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** `metadata`: where clouds tell machines their credentials. `public` is the only kind that is open to everybody. */
export type AddressKind =
  | 'public'
  | 'metadata'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'shared (CGNAT)'
  | 'multicast'
  | 'unspecified'
  | 'reserved';

/** Those of AWS and most others, Alibaba, Azure, Oracle, and AWS over IPv6; two of them lie in public ranges. */
const METADATA = new Set(['169.254.169.254', '169.254.170.2', '100.100.100.200', '168.63.129.16', '192.0.0.192']);
const METADATA_V6 = 'fd00:ec2::254';

const V4: readonly (readonly [cidr: string, kind: AddressKind])[] = [
  ['0.0.0.0/8', 'unspecified'],
  ['10.0.0.0/8', 'private'],
  ['100.64.0.0/10', 'shared (CGNAT)'],
  ['127.0.0.0/8', 'loopback'],
  ['169.254.0.0/16', 'link-local'],
  ['172.16.0.0/12', 'private'],
  ['192.0.0.0/24', 'reserved'],
  ['192.0.2.0/24', 'reserved'],
  ['192.88.99.0/24', 'reserved'],
  ['192.168.0.0/16', 'private'],
  ['198.18.0.0/15', 'reserved'],
  ['198.51.100.0/24', 'reserved'],
  ['203.0.113.0/24', 'reserved'],
  ['224.0.0.0/4', 'multicast'],
  ['240.0.0.0/4', 'reserved'],
];

/** First match counts. Whatever is not below 2000::/3 is not routed in public. */
const V6: readonly (readonly [cidr: string, kind: AddressKind])[] = [
  ['::/128', 'unspecified'],
  ['::1/128', 'loopback'],
  ['fc00::/7', 'private'],
  ['fe80::/10', 'link-local'],
  ['fec0::/10', 'private'],
  ['ff00::/8', 'multicast'],
  ['2001::/23', 'reserved'],
  ['2001:db8::/32', 'reserved'],
  ['3fff::/20', 'reserved'],
  ['2000::/3', 'public'],
];

/** Prefixes whose addresses carry an IPv4 address, and where in the eight groups that begins. */
const CARRIERS: readonly (readonly [cidr: string, group: number])[] = [
  ['::ffff:0:0/96', 6],
  ['::ffff:0:0:0/96', 6],
  ['64:ff9b::/96', 6],
  ['2002::/16', 1],
  ['::/96', 6],
];

const v4 = V4.map(([cidr, kind]) => ({ kind, list: range(cidr) }));
const v6 = V6.map(([cidr, kind]) => ({ kind, list: range(cidr) }));
const carriers = CARRIERS.map(([cidr, group]) => ({ group, list: range(cidr) }));
const metadataV6 = range(`${METADATA_V6}/128`);

/** The kind of an IP address in any spelling that the system gives; an IPv6 address that carries an IPv4 one is of that one's kind. */
export function addressKind(address: string): AddressKind {
  if (isIPv4(address)) return kindOfV4(address);
  const [plain = ''] = address.split('%');
  if (!isIPv6(plain)) return 'reserved';
  if (metadataV6.check(plain, 'ipv6')) return 'metadata';
  const own = v6.find(({ list }) => list.check(plain, 'ipv6'));
  const carried = own?.kind === 'loopback' || own?.kind === 'unspecified' ? null : carriedV4(plain);
  if (carried !== null) return kindOfV4(carried);
  return own?.kind ?? 'reserved';
}

/** The IPv4 address that an IPv6 one carries (mapped, translated, NAT64, 6to4, compatible), or null. */
export function carriedV4(address: string): string | null {
  const carrier = carriers.find(({ list }) => list.check(address, 'ipv6'));
  if (carrier === undefined) return null;
  const [high = 0, low = 0] = groupsOf(address).slice(carrier.group, carrier.group + 2);
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

function kindOfV4(address: string): AddressKind {
  if (METADATA.has(address)) return 'metadata';
  return v4.find(({ list }) => list.check(address, 'ipv4'))?.kind ?? 'public';
}

/** The eight numbers of an IPv6 address. The URL parser writes them in one way, whatever the spelling. */
function groupsOf(address: string): number[] {
  const text = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [front = '', back] = text.split('::').map((part) => part.split(':').filter((group) => group !== ''));
  const [left, right] = [front || [], back ?? []];
  const zeros = back === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array.from({ length: zeros }, () => '0'), ...right].map((group) => Number.parseInt(group, 16));
}

function range(cidr: string): BlockList {
  const [network = '', bits] = cidr.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(bits), isIPv4(network) ? 'ipv4' : 'ipv6');
  return list;
}
