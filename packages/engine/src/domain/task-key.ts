/**
 * Task keys (rule B6): a scope path such as `each#1[17]/inner#2[3]/w#1`, node#iteration[item], nested by `/`.
 *
 * Names of nodes contain none of `/ # [ ]`.
 */
export type TaskKeySegment = { node: string; iteration: number; item?: number };

const SEGMENT = /^([^/#[\]]+)#(\d+)(?:\[(\d+)\])?$/;

/** Writes the key of the task at the end of the scope path. */
export function taskKey(...segments: TaskKeySegment[]): string {
  return segments.map(formatSegment).join('/');
}

/** The segments of a key, outermost first; undefined when the text is no task key. */
export function parseTaskKey(key: string): TaskKeySegment[] | undefined {
  const segments: TaskKeySegment[] = [];
  for (const part of key.split('/')) {
    const [, node, iteration, item] = SEGMENT.exec(part) ?? [];
    if (node === undefined) return undefined;
    const segment = { node, iteration: Number(iteration) };
    segments.push(item === undefined ? segment : { ...segment, item: Number(item) });
  }
  return segments;
}

/** The send whose item the task is, and its place there; null at the top. */
export function ownerOf(key: string): { send: string; item: number } | null {
  const slash = key.lastIndexOf('/');
  if (slash < 0) return null;
  const bracket = key.lastIndexOf('[', slash);
  return { send: key.slice(0, bracket), item: Number(key.slice(bracket + 1, slash - 1)) };
}

/** What a key says by itself of its task: its iteration, and its place among the items of the send that it is an item of. */
export function placeOf(key: string): { iteration: number; item?: number } {
  const segment = parseTaskKey(key)?.at(-1);
  const item = segment?.item ?? ownerOf(key)?.item;
  return { iteration: segment?.iteration ?? 0, ...(item !== undefined && { item }) };
}

/** The key of the task that is the send's item of this index. */
export function itemTaskKey(send: string, index: number, node: string): string {
  return `${send}[${index}]/${formatSegment({ node, iteration: 0 })}`;
}

/** The node at the top of the scope path, and its iteration. */
export function rootOf(key: string): { node: string; iteration: number } {
  const hash = key.indexOf('#');
  return { node: key.slice(0, hash), iteration: Number.parseInt(key.slice(hash + 1), 10) };
}

/** The node that the task is of. */
export function nodeOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1, key.lastIndexOf('#'));
}

function formatSegment({ node, iteration, item }: TaskKeySegment): string {
  return item === undefined ? `${node}#${iteration}` : `${node}#${iteration}[${item}]`;
}
