/** Weft with the three shapes: runs of saved workflows, singles by the batch call. */
import type { StartRun, WorkflowVersion } from '@weft/contract';

import { chain, fan, superstep } from './documents.ts';
import { BULK, CHAIN, chunks, FAN, sideOf } from './side.ts';
import type { Shape, Side } from './side.ts';
import type { Weft } from './weft.ts';

/** The processes are stopped by whoever started them. */
export async function weftSide(weft: Weft): Promise<Side> {
  return sideOn(weft, {
    name: 'Weft',
    workflows: { W1: await weft.save(chain(CHAIN)), W2: await weft.save(fan(FAN)), W3: await weft.save(chain(1)) },
  });
}

/** The same documents, but for the mode. */
export async function superstepSide(weft: Weft): Promise<Side> {
  const workflows = { W1: await weft.save(superstep(chain(CHAIN))), W2: await weft.save(superstep(fan(FAN))) };
  return sideOn(weft, { name: 'Weft superstep', workflows });
}

type Saved = { name: string; workflows: Partial<Record<Shape, WorkflowVersion>> };

function sideOn({ client, endings, pids, requireSuccess }: Weft, { name, workflows }: Saved): Side {
  const start = async (shape: Shape, runs: number): Promise<string[]> => {
    const workflow = workflows[shape];
    if (!workflow) throw new Error(`${name} has no ${shape}`);
    if (shape === 'W1') return [(await client.runs.start({ workflow })).id];
    const batches = chunks(
      Array.from({ length: runs }, () => ({ workflow })),
      BULK,
    );
    return (await Promise.all(batches.map((batch) => startMany({ client }, batch)))).flat();
  };
  return sideOf({ name, shapes: Object.keys(workflows) as Shape[], pids, endings, start, stop: requireSuccess });
}

/** Starts up to 1,000 runs by one call; throws if one is refused. */
export async function startMany({ client }: Pick<Weft, 'client'>, runs: readonly StartRun[]): Promise<string[]> {
  const items = await client.runs.startMany(runs);
  return items.map((item) => {
    if (!('id' in item)) throw new Error(`a run was refused: ${item.detail}`);
    return item.id;
  });
}
