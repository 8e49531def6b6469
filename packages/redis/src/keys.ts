/** The part of a key in braces decides its slot in a Redis Cluster, so all keys of a lane lie in one slot. */
const RESERVED = /[{}%+]/g;

/** What all keys of a lane begin with. */
export function laneBase(prefix: string, lane: string): string {
  const name = lane.replaceAll(RESERVED, (char) => `%${char.charCodeAt(0).toString(16)}`);
  return `${prefix}{${name}}:`;
}

/** What all keys begin with that belong to no lane; no lane has this name. */
export function sharedBase(prefix: string): string {
  return `${prefix}{+}:`;
}

/** What the channels of runs begin with; the id of the run follows. */
export function runChannels(prefix: string): string {
  return `${prefix}run:`;
}
