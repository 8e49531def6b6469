/** The tables of the comparison: medians and quartiles over the pairs, and ratios that were taken within each pair. */
import type { Measured } from './measure.ts';
import { quantile, sumOf } from './measure.ts';
import { atLeast, atMost, median, row, spread } from './results.ts';
import { CHAIN } from './side.ts';
import type { Shape } from './side.ts';

/** What each side did in one shape, measured back to back. */
export type Pair = ReadonlyMap<string, Measured>;

const TITLES: Readonly<Record<Shape, string>> = {
  W1: 'W1: a chain of ten, one run at a time',
  W2: 'W2: 100 runs at once of 1 -> 40 -> 1',
  W3: 'W3: runs of a single task, 5,000 at once by the batch call',
};

/** The least that Weft shall be, times the other. */
const GOALS: Readonly<Record<Shape, Readonly<Record<string, number>>>> = {
  W1: { BullMQ: 0.9, Restate: 1.2, DBOS: 2, LangGraph: 2 },
  W2: { BullMQ: 2.5, Restate: 2, LangGraph: 10 },
  W3: { BullMQ: 2.5, Restate: 6, 'pg-boss': 0.6, 'graphile-worker': 0.6 },
};
const WAL_BYTES = 1500;
const AOF_BYTES = 300;
const CPU_SECONDS = 0.15;
const TAIL = 3;

export function report(shape: Shape, pairs: readonly Pair[]): string[] {
  const names = [...new Set(pairs.flatMap((pair) => [...pair.keys()]))];
  const of = (name: string): Measured[] => pairs.flatMap((pair) => pair.get(name) ?? []);
  // What the others are compared with; Weft comes first unless only its other mode is measured.
  const base = names.find((name) => name.startsWith('Weft')) ?? '';
  return [
    `## ${TITLES[shape]}`,
    '',
    `| median (quartiles) | nodes a second | ${base} / it, in each pair | goal | CPU s per 1,000 nodes | WAL bytes per node | AOF bytes per node |`,
    '|---|--:|--:|---|--:|--:|--:|',
    ...names.map((name) => sideRow(shape, pairs, { name, base, measured: of(name) })),
    '',
    ...(shape === 'W1' ? [...tails(names, of), ''] : []),
    ...cpuTable(names, of),
    '',
    ...weftGoals(shape, of('Weft')),
  ];
}

type Compared = { name: string; base: string; measured: readonly Measured[] };

function sideRow(shape: Shape, pairs: readonly Pair[], { name, base, measured }: Compared): string {
  const figures = (of: (one: Measured) => number): number[] => measured.map(of);
  const ratios = pairs.map((pair) => (pair.get(base)?.rate ?? Number.NaN) / (pair.get(name)?.rate ?? Number.NaN));
  return row(
    name,
    spread(
      figures(({ rate }) => rate),
      0,
    ),
    name === base ? '' : spread(ratios, 2),
    atLeast(GOALS[shape][name], quantile(ratios, 0.5)),
    spread(
      figures(({ cpu }) => sumOf(cpu)),
      3,
    ),
    median(
      figures(({ wal }) => wal),
      0,
    ),
    median(
      figures(({ aof }) => aof),
      0,
    ),
  );
}

function tails(names: readonly string[], of: (name: string) => Measured[]): string[] {
  const at = (share: number) => (one: Measured) => quantile(one.runsMs, share);
  const rows = names.map((name) => {
    const steps = of(name).map((one) => at(0.5)(one) / CHAIN);
    const runs = of(name).map((one) => at(0.99)(one) / at(0.5)(one));
    return row(name, spread(steps, 2), spread(runs, 2), name === 'Weft' ? atMost(TAIL, quantile(runs, 0.5)) : '');
  });
  return ['| | p50 of a step, ms | run p99 / p50 | goal |', '|---|--:|--:|---|', ...rows];
}

/** Which processes the CPU went to, medians. */
function cpuTable(names: readonly string[], of: (name: string) => Measured[]): string[] {
  const groups = [...new Set(names.flatMap((name) => of(name).flatMap(({ cpu }) => Object.keys(cpu))))];
  const cell = (name: string, group: string): string => {
    const figures = of(name).flatMap(({ cpu }) => cpu[group] ?? []);
    return figures.length === 0 ? '' : median(figures, 3);
  };
  return [
    row('CPU s per 1,000 nodes', ...groups),
    row('---', ...groups.map(() => '--:')),
    ...names.map((name) => row(name, ...groups.map((group) => cell(name, group)))),
  ];
}

function weftGoals(shape: Shape, measured: readonly Measured[]): string[] {
  if (shape !== 'W2' || measured.length === 0) return [];
  const middle = (of: (one: Measured) => number): number => quantile(measured.map(of), 0.5);
  const goals = [
    `CPU s per 1,000 nodes, all processes ${atMost(
      CPU_SECONDS,
      middle(({ cpu }) => sumOf(cpu)),
    )}`,
    `WAL bytes per node ${atMost(
      WAL_BYTES,
      middle(({ wal }) => wal),
    )}`,
    `AOF bytes per node ${atMost(
      AOF_BYTES,
      middle(({ aof }) => aof),
    )}`,
  ];
  return [`Weft: ${goals.join('; ')}.`, ''];
}
