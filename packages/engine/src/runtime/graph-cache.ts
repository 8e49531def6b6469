/** Compiled workflow versions, each loaded once. */
import { AppError } from '@weft/contract';

import { compileGraph } from '../domain/graph/graph.ts';
import type { Graph } from '../domain/graph/graph.ts';
import type { WorkflowRef } from '../domain/run/records.ts';
import type { WorkflowStore } from '../ports/index.ts';

/** Versions kept; the one used longest ago goes first. */
const CAPACITY = 500;

export type GraphCache = {
  /** The compiled version. Throws AppError `not_found` if there is no such version. */
  load(ref: WorkflowRef): Promise<Graph>;
};

export function createGraphCache(workflows: WorkflowStore): GraphCache {
  const graphs = new Map<string, Promise<Graph>>();
  return {
    load(ref) {
      const key = `${ref.tenant}\n${ref.name}\n${ref.version}`;
      const known = graphs.get(key) ?? compile(workflows, ref);
      graphs.delete(key);
      graphs.set(key, known);
      known.catch(() => graphs.delete(key));
      for (const oldest of graphs.keys()) {
        if (graphs.size <= CAPACITY) break;
        graphs.delete(oldest);
      }
      return known;
    },
  };
}

/** Null for a version that does not exist. */
export async function loadIfThere(graphs: GraphCache, ref: WorkflowRef): Promise<Graph | null> {
  try {
    return await graphs.load(ref);
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return null;
    throw error;
  }
}

async function compile(workflows: WorkflowStore, ref: WorkflowRef): Promise<Graph> {
  const stored = await workflows.load(ref);
  if (!stored) throw new AppError('not_found', `there is no version ${ref.version} of workflow ${ref.name}`);
  return compileGraph(ref, stored.document);
}
