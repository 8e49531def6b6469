/**
 * What it costs to go back: reading, forking and replaying a run of very many steps, in the middle of a loop and of a send.
 *
 *     node bench/travel.bench.ts [--steps 10000] [--pairs 7] [--scale 1] [--write]
 */
import type { WorkflowDocument } from '@weft/contract';

import { quantile } from './mesh/measure.ts';
import { readNumbers } from './mesh/options.ts';
import { atMost, publish, row, spread } from './mesh/results.ts';
import { startServers } from './mesh/servers.ts';
import { startMany } from './mesh/weft-side.ts';
import { startWeft } from './mesh/weft.ts';

const { steps: wanted, pairs, scale } = readNumbers({ steps: 10_000 });
const steps = Math.ceil(wanted * scale);
const FORK_MS = 200;
const READ_MS = 50;

const echo = { type: 'task', uses: 'echo', with: 'x'.repeat(100) } as const;
/** A task and a route that leads back to it; and a task for each item. */
const workflows: Record<string, WorkflowDocument> = {
  loop: {
    name: 'bench-travel-loop',
    maxSteps: steps,
    state: { n: { type: 'number', reducer: 'add', default: 0 } },
    nodes: {
      work: { ...echo, with: 1, output: 'n' },
      again: {
        type: 'route',
        on: `state.n < ${steps / 2}`,
        routes: { true: 'work', false: '__end__' },
        needs: ['work'],
      },
    },
  },
  send: {
    name: 'bench-travel-send',
    nodes: { each: { type: 'send', items: '${input.items}', target: 'work' }, work: echo },
  },
};

const servers = await startServers();
const weft = await startWeft(servers, { watched: false });

async function timed(act: () => Promise<unknown>): Promise<number> {
  const at = performance.now();
  await act();
  return performance.now() - at;
}

async function travel(name: string, document: WorkflowDocument): Promise<string[]> {
  const { runs } = weft.client;
  const workflow = await weft.save(document);
  const input = { items: Array.from({ length: steps }, (_, n) => n) };
  const [id = ''] = await startMany(weft, [{ workflow, input }]);
  await weft.endings.of([id]);
  const { step } = await runs.get(id);
  const [middle, late] = [Math.floor(step / 2), step - 3];
  const reads: number[] = [];
  const forks: number[] = [];
  for (let n = 0; n <= pairs; n++) {
    const read = await timed(() => runs.checkpoints.get(id, n % 2 === 0 ? middle - n : late - n));
    let fork = '';
    const forked = await timed(async () => {
      fork = (await runs.fork(id, { step: n % 2 === 0 ? middle : late })).id;
    });
    // What a fork goes on with is not to be measured with the next one.
    await runs.cancel(fork).catch(() => undefined);
    if (n > 0) {
      reads.push(read);
      forks.push(forked);
    }
  }
  return [
    `${name} of ${step} steps`,
    spread(reads, 0),
    atMost(READ_MS, quantile(reads, 0.5)),
    spread(forks, 0),
    atMost(FORK_MS, quantile(forks, 0.5)),
  ];
}

try {
  const rows: string[][] = [];
  for (const [name, document] of Object.entries(workflows)) rows.push(await travel(name, document));
  await publish({
    title: 'What it costs to go back',
    notes: `${pairs} times each, over HTTP, in turn in the middle of the run and near its end; one worker.`,
    body: [
      '| median (quartiles) | read a checkpoint, ms | goal | fork, ms | goal |',
      '|---|--:|---|--:|---|',
      ...rows.map((cells) => row(...cells)),
    ],
  });
} finally {
  await weft.stop();
  await servers.stop();
}
