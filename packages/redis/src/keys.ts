/** The part of a key in braces decides its slot in a Redis Cluster, so all keys of a lane lie in one slot. */
const RESERVED = /[{}%+]/g;

/** What all keys of a lane begin with. */
export function laneBase(prefix: string, lane: string): string {
  return `${prefix}{${escaped(lane)}}:`;
}

/** What all rates of a tenant begin with; no lane has this name. */
export function rateBase(prefix: string, tenant: string): string {
  return `${prefix}{+rate ${escaped(tenant)}}:`;
}

/** What all keys begin with that endpoints of a tenant have: what they share must be changed in one step. No lane has this name. */
export function endpointBase(prefix: string, tenant: string): string {
  return `${prefix}{+endpoints ${escaped(tenant)}}:`;
}

/** A request whose answer comes by itself; no lane has this name. */
export function replyKey(prefix: string, key: string): string {
  return `${prefix}{+reply ${escaped(key)}}`;
}

/** Where such answers come in; no lane has this name. */
export function mailboxKey(prefix: string, mailbox: string): string {
  return `${prefix}{+mailbox ${escaped(mailbox)}}`;
}

function escaped(name: string): string {
  return name.replaceAll(RESERVED, (char) => `%${char.charCodeAt(0).toString(16)}`);
}

/** What all keys begin with that belong to no lane; no lane has this name. */
export function sharedBase(prefix: string): string {
  return `${prefix}{+}:`;
}

/** What the channels of runs begin with; the id of the run follows. */
export function runChannels(prefix: string): string {
  return `${prefix}run:`;
}
