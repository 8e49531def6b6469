/** The memory of processes that tasks have started. */
import { readdirSync, readFileSync } from 'node:fs';

import pidusage from 'pidusage';

/** Resident bytes of each of these processes with all its descendants; what has ended meanwhile counts nothing. */
export async function bytesOfTrees(roots: readonly number[]): Promise<Map<number, number>> {
  const trees = new Map(roots.map((root) => [root, withDescendants(root)]));
  const all = Array.from(new Set(Array.from(trees.values()).flat()));
  const usage = all.length > 0 ? await usageOf(all) : {};
  const sum = (ids: number[]) => ids.reduce((total, id) => total + (usage[id]?.memory ?? 0), 0);
  return new Map(Array.from(trees, ([root, ids]) => [root, sum(ids)]));
}

type Usage = Record<number, { memory: number } | undefined>;

async function usageOf(ids: number[]): Promise<Usage> {
  try {
    return await pidusage(ids);
  } catch {
    // All of them have ended.
    return {};
  }
}

/** Linux tells who is whose child; elsewhere only the process itself is known. */
function withDescendants(root: number): number[] {
  const found = [root];
  for (const id of found) found.push(...childrenOf(id));
  return found;
}

function childrenOf(id: number): number[] {
  try {
    const threads = readdirSync(`/proc/${id}/task`);
    const lists = threads.map((thread) => readFileSync(`/proc/${id}/task/${thread}/children`, 'utf8'));
    return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
  } catch {
    return [];
  }
}
