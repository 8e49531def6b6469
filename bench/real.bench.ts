/**
 * W2 as real work has it, beside plain W2 on the same two workers: a route, conditions, references to an output of 4 KB,
 * outputs of 4 KB, an append reducer, three lanes, and one task in a hundred that fails at first and is tried again.
 *
 *     node bench/real.bench.ts [--pairs 7] [--seconds 10] [--scale 1] [--retry-ms 50] [--write]
 *
 * Three lanes stand for three tenants as long as the API has none. The reducer appends a short field of each output.
 */
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';

import type { WorkflowDocument, WorkflowNode } from '@weft/contract';

import { fan } from './mesh/documents.ts';
import { measure, quantile, sumOf } from './mesh/measure.ts';
import type { Bench, Measured } from './mesh/measure.ts';
import { readNumbers } from './mesh/options.ts';
import { atLeast, median, publish, row, spread } from './mesh/results.ts';
import { rewriteRedisLog, startServers } from './mesh/servers.ts';
import { FAN, sideOf } from './mesh/side.ts';
import type { Side } from './mesh/side.ts';
import { startMany } from './mesh/weft-side.ts';
import { startWeft } from './mesh/weft.ts';
import type { Weft } from './mesh/weft.ts';

const { pairs, seconds, scale, 'retry-ms': retryMs } = readNumbers({ 'retry-ms': 50 });
const HANDLERS = fileURLToPath(new URL('mesh/handlers.ts', import.meta.url));
const LANES = ['north', 'south', 'west'];
const GOAL = 0.5;
const BYTES = 4096;

function realFan(): WorkflowDocument {
  const names = Array.from({ length: FAN }, (_, n) => `w${n}`);
  const middle = names.map((name, n): [string, WorkflowNode] => [
    name,
    {
      type: 'task',
      // A handler has a lane of its own, so one in four of the tasks is one that can fail.
      uses: n % 4 === 0 ? 'handler:flaky' : 'echo',
      with: { n, text: '${first.text}', who: 'for {{ input.who }}' },
      needs: ['way'],
      when: 'input.on && size(nodes.first.text) > 0',
      ...(n % 4 !== 0 && { lane: LANES[n % LANES.length] ?? 'north' }),
      outputMapping: { seen: 'n' },
    },
  ]);
  return {
    name: 'bench-real-fan',
    input: { type: 'object', required: ['who', 'text'] },
    state: { seen: { type: 'array', reducer: 'append', default: [] } },
    defaults: { retry: { maxAttempts: 3, initialMs: retryMs } },
    nodes: {
      first: { type: 'task', uses: 'echo', with: { text: '${input.text}' } },
      way: { type: 'route', on: "input.on ? 'go' : 'stop'", routes: { go: 'w0', stop: '__end__' }, needs: ['first'] },
      ...Object.fromEntries(middle),
      last: { type: 'task', uses: 'echo', with: { seen: '${state.seen}', text: '${w1.text}' }, needs: names },
    },
    output: { seen: '${last.seen}' },
  };
}

async function sideFor(weft: Weft, name: string, document: WorkflowDocument, input: object): Promise<Side> {
  const workflow = await weft.save(document);
  const request = { workflow, input: { ...input } };
  return sideOf({
    name,
    shapes: ['W2'],
    pids: weft.pids,
    endings: weft.endings,
    start: async (_, runs) =>
      startMany(
        weft,
        Array.from({ length: runs }, () => request),
      ),
    stop: weft.stop,
  });
}

const servers = await startServers();
const weft = await startWeft(servers, { workers: 2, workerArgs: ['--handlers', HANDLERS] });
try {
  const sides = [
    await sideFor(weft, 'W2', fan(FAN), {}),
    await sideFor(weft, 'W2-real', realFan(), {
      on: true,
      who: 'you',
      text: randomBytes((BYTES / 4) * 3).toString('base64'),
    }),
  ];
  const bench: Bench = { servers, seconds, scale };
  const figures = new Map<string, Measured[]>(sides.map(({ name }) => [name, []]));
  for (const side of sides) await measure({ ...bench, seconds: Math.min(2, seconds) }, side, 'W2');
  for (let n = 0; n < pairs; n++) {
    await rewriteRedisLog(servers);
    for (const side of n % 2 === 0 ? sides : sides.toReversed()) {
      figures.get(side.name)?.push(await measure(bench, side, 'W2'));
    }
  }
  await weft.requireSuccess();
  const of = (name: string, pick: (one: Measured) => number): number[] => (figures.get(name) ?? []).map(pick);
  const [plain, real] = [of('W2', ({ rate }) => rate), of('W2-real', ({ rate }) => rate)];
  const ratios = real.map((rate, n) => rate / (plain[n] ?? Number.NaN));
  const cells = (name: string): string[] => [
    spread(
      of(name, ({ rate }) => rate),
      0,
    ),
    spread(
      of(name, ({ cpu }) => sumOf(cpu)),
      3,
    ),
    median(
      of(name, ({ wal }) => wal),
      0,
    ),
    median(
      of(name, ({ aof }) => aof),
      0,
    ),
  ];
  await publish({
    title: 'W2 as real work has it',
    notes: `${pairs} pairs, each measurement at least ${seconds} s, two workers, a WebSocket that watches all runs. W2-real: 1 -> route -> 40 -> 1 with conditions, an append reducer, references and outputs of ${BYTES} bytes, three lanes (the API has no tenants yet), a quarter of the tasks by a handler of which four in a hundred fail at first (1 % of all tasks) and are tried again within ${retryMs} ms. Nodes are tasks: the route is not counted.`,
    body: [
      '| median (quartiles) | nodes/s | CPU s per 1,000 nodes | WAL bytes per node | AOF bytes per node |',
      '|---|--:|--:|--:|--:|',
      row('W2', ...cells('W2')),
      row('W2-real', ...cells('W2-real')),
      '',
      `W2-real / W2 in each pair: ${spread(ratios, 2)}; ${atLeast(GOAL, quantile(ratios, 0.5))}.`,
    ],
  });
} finally {
  await weft.stop();
  await servers.stop();
}
