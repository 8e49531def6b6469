import type { Run } from '@weft/contract';
import { documentEdges } from '@weft/engine/domain';
import { ApiError, type WeftClient } from '@weft/sdk';
import { layoutGraph, type PlacedNode } from './layout-graph.ts';

/** The nodes of a run's workflow in graph order; none where the server has no document for it. */
export async function readLayout(
  client: WeftClient,
  { name, version }: Run['workflow'],
  signal: AbortSignal,
): Promise<PlacedNode[]> {
  try {
    const { document } = await client.workflows.get(name, { version, signal });
    return layoutGraph(Object.keys(document.nodes), documentEdges(document));
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return [];
    throw error;
  }
}
