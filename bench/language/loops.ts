/** A loop of many iterations in one run: what a step costs late and early, and what it writes beside a large state. */
import { randomBytes } from 'node:crypto';

import type { WorkflowDocument } from '@weft/contract';

import { quantile } from '../mesh/measure.ts';
import { logBytes } from '../mesh/servers.ts';
import type { Servers } from '../mesh/servers.ts';
import type { Weft } from '../mesh/weft.ts';

/** How many iterations at the beginning and at the end are compared. */
const SHARE = 0.1;

/** Each iteration writes 100 bytes to the state, beside `ballast` bytes that stay as they are. */
function loop(iterations: number): WorkflowDocument {
  return {
    name: 'bench-loop',
    maxSteps: iterations + 1,
    state: {
      n: { type: 'number', reducer: 'add', default: 0 },
      note: { type: 'string' },
      ballast: { type: 'string' },
    },
    nodes: {
      fill: { type: 'transform', updates: { ballast: '${input.ballast}' } },
      work: { type: 'task', uses: 'echo', with: '${input.note}', needs: ['fill'], output: 'note' },
      count: { type: 'transform', updates: { n: 1 }, needs: ['work'] },
      again: {
        type: 'route',
        on: `state.n < ${iterations}`,
        routes: { true: 'work', false: '__end__' },
        needs: ['count'],
      },
    },
  };
}

export type LoopCost = {
  /** ms an iteration took at the beginning and at the end: medians. */ early: number;
  late: number;
  /** Bytes of Postgres' log a step. */ walPerStep: number;
  steps: number;
};

export async function loopCost(
  { servers, weft }: { servers: Servers; weft: Weft },
  { iterations, ballast }: { iterations: number; ballast: number },
): Promise<LoopCost> {
  const workflow = await weft.save(loop(iterations));
  const input = { note: 'x'.repeat(98), ballast: randomBytes(Math.ceil(ballast / 2)).toString('hex') };
  const { id } = await weft.client.runs.start({ workflow, input });
  const walBefore = (await logBytes(servers)).wal;
  await weft.endings.of([id]);
  const wal = (await logBytes(servers)).wal - walBefore;
  const ends = await iterationEnds(servers, id);
  const took = ends.slice(1).map((at, n) => at - (ends[n] ?? at));
  const part = Math.max(1, Math.floor(took.length * SHARE));
  const { step } = await weft.client.runs.get(id);
  return {
    early: quantile(took.slice(part, 2 * part), 0.5),
    late: quantile(took.slice(-part), 0.5),
    walPerStep: wal / step,
    steps: step,
  };
}

/** When each iteration's task had settled, ms. */
async function iterationEnds({ sql }: Servers, runId: string): Promise<number[]> {
  const { rows } = await sql.query<{ at: number }>(
    `select (extract(epoch from at) * 1000)::float8 as at from step where run_id = $1 and node = 'work' order by step`,
    [runId],
  );
  return rows.map(({ at }) => at);
}
