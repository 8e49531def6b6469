/**
 * What the language costs: the pure engine alone; a send of 10,000 items that do nothing beside plain W2; a loop of 10,000
 * iterations, early and late; and steps that change 100 bytes beside a state of 1 MB.
 *
 *     node bench/language.bench.ts [--items 10000] [--iterations 10000] [--pairs 7] [--seconds 10] [--scale 1] [--write]
 */
import type { WorkflowDocument } from '@weft/contract';

import { engineRate } from './language/engine-alone.ts';
import { loopCost } from './language/loops.ts';
import { fan } from './mesh/documents.ts';
import { quantile } from './mesh/measure.ts';
import { readNumbers } from './mesh/options.ts';
import { atLeast, atMost, fixed, publish, row, spread } from './mesh/results.ts';
import { startServers } from './mesh/servers.ts';
import { FAN } from './mesh/side.ts';
import { startMany } from './mesh/weft-side.ts';
import { startWeft } from './mesh/weft.ts';
import type { Weft } from './mesh/weft.ts';

const { items, iterations, pairs, seconds, scale } = readNumbers({ items: 10_000, iterations: 10_000 });
const MEGABYTE = 1_000_000;

const send: WorkflowDocument = {
  name: 'bench-send',
  nodes: {
    each: { type: 'send', items: '${input.items}', target: 'work' },
    work: { type: 'task', uses: 'echo', with: { n: '${item}' } },
  },
};

/** Nodes a second of one run with a send. */
async function sendRate(weft: Weft, count: number): Promise<number> {
  const workflow = await weft.save(send);
  const startedAt = performance.now();
  const { id } = await weft.client.runs.start({
    workflow,
    input: { items: Array.from({ length: count }, (_, n) => n) },
  });
  await weft.endings.of([id]);
  return (count + 1) / ((performance.now() - startedAt) / 1000);
}

/** Nodes a second of as many nodes in runs of W2. */
async function fanRate(weft: Weft, count: number): Promise<number> {
  const workflow = await weft.save(fan(FAN));
  const runs = Math.ceil(count / (FAN + 2));
  const startedAt = performance.now();
  await weft.endings.of(
    await startMany(
      weft,
      Array.from({ length: runs }, () => ({ workflow })),
    ),
  );
  return (runs * (FAN + 2)) / ((performance.now() - startedAt) / 1000);
}

const alone = Array.from({ length: pairs }, () => engineRate(Math.min(3, seconds)));
const servers = await startServers();
const weft = await startWeft(servers);
try {
  const count = Math.ceil(items * scale);
  const rates: { fan: number; send: number }[] = [];
  for (let n = 0; n <= pairs; n++) {
    const pair = { fan: await fanRate(weft, count), send: await sendRate(weft, count) };
    // The first pair warms the processes up.
    if (n > 0) rates.push(pair);
  }
  const rounds = Math.ceil(iterations * scale);
  const loop = await loopCost({ servers, weft }, { iterations: rounds, ballast: 0 });
  const heavy = await loopCost({ servers, weft }, { iterations: Math.ceil(rounds / 50), ballast: MEGABYTE });
  await weft.requireSuccess();
  const ratios = rates.map((pair) => pair.send / pair.fan);
  const of = (what: 'outcomes' | 'transitions'): number[] => alone.map((rate) => rate[what]);
  await publish({
    title: 'What the language costs',
    notes: `${pairs} pairs or rounds. The engine alone: outcomes of W2's shape decided in one process, in batches of up to eight of a run; a transition is a task armed or settled, as the journal's facts say. Send: one run with ${count} items, one worker. Loop: ${rounds} iterations of a task, a transform and a route.`,
    body: [
      '| | figure | goal |',
      '|---|--:|---|',
      row(
        'engine alone, transitions a second of CPU',
        spread(of('transitions'), 0),
        atLeast(200_000, quantile(of('transitions'), 0.5)),
      ),
      row('engine alone, outcomes a second of CPU', spread(of('outcomes'), 0), ''),
      row(
        'W2, nodes/s',
        spread(
          rates.map((pair) => pair.fan),
          0,
        ),
        '',
      ),
      row(
        `send of ${count}, nodes/s`,
        spread(
          rates.map((pair) => pair.send),
          0,
        ),
        '',
      ),
      row('send / W2, in each pair', spread(ratios, 2), atLeast(0.5, quantile(ratios, 0.5))),
      row('an iteration early, ms', fixed(loop.early, 2), ''),
      row('an iteration late, ms', fixed(loop.late, 2), ''),
      row('late / early', fixed(loop.late / loop.early, 2), atMost(1.3, loop.late / loop.early)),
      row('WAL bytes a step, small state', fixed(loop.walPerStep, 0), ''),
      row('WAL bytes a step, 1 MB of state', fixed(heavy.walPerStep, 0), atMost(4096, heavy.walPerStep)),
    ],
  });
} finally {
  await weft.stop();
  await servers.stop();
}
