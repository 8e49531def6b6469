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

function formatSegment({ node, iteration, item }: TaskKeySegment): string {
  return item === undefined ? `${node}#${iteration}` : `${node}#${iteration}[${item}]`;
}
