/** Weft with the three shapes: runs of saved workflows, singles by the batch call. */
import type { StartRun, WorkflowVersion } from '@weft/contract';

import { chain, fan } from './documents.ts';
import { BULK, CHAIN, chunks, FAN, sideOf } from './side.ts';
import type { Shape, Side } from './side.ts';
import type { Weft } from './weft.ts';

export async function weftSide({ client, endings, pids, save, requireSuccess, stop }: Weft): Promise<Side> {
  const workflows: Record<Shape, WorkflowVersion> = {
    W1: await save(chain(CHAIN)),
    W2: await save(fan(FAN)),
    W3: await save(chain(1)),
  };
  const start = async (shape: Shape, runs: number): Promise<string[]> => {
    const request = { workflow: workflows[shape] };
    if (shape === 'W1') return [(await client.runs.start(request)).id];
    const batches = chunks(
      Array.from({ length: runs }, () => request),
      BULK,
    );
    return (await Promise.all(batches.map((batch) => startMany({ client }, batch)))).flat();
  };
  const end = async (): Promise<void> => {
    try {
      await requireSuccess();
    } finally {
      await stop();
    }
  };
  return sideOf({ name: 'Weft', shapes: ['W1', 'W2', 'W3'], pids, endings, start, stop: end });
}

/** Starts up to 1,000 runs by one call; throws if one is refused. */
export async function startMany({ client }: Pick<Weft, 'client'>, runs: readonly StartRun[]): Promise<string[]> {
  const items = await client.runs.startMany(runs);
  return items.map((item) => {
    if (!('id' in item)) throw new Error(`a run was refused: ${item.detail}`);
    return item.id;
  });
}
