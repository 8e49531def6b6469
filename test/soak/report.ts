/** What a soak reports: one object into a file, and a table for people. */
import type { Verdict, ViolationKind } from './check.ts';
import type { History, Recovery } from './history.ts';
import type { Samples } from './samples.ts';
import type { Caught } from './watch-logs.ts';

type Spread = { n: number; p50: number; p99: number; max: number };

export type Report = {
  seed: number;
  commit: string;
  minutes: number;
  isClean: boolean;
  runs: number;
  tasks: number;
  calls: number;
  /** Programs by kind. */
  programs: Record<string, number>;
  faults: { total: number; kinds: number; byKind: Record<string, number>; skipped: Record<string, number> };
  violations: Record<ViolationKind, number>;
  /** Whatever else was wrong: broken invariants, folds that differ from rows, exit statuses. */
  problems: string[];
  examples: string[];
  repeatedCalls: number;
  /** Done, and overtaken by another attempt: what the fence is for. */
  overtakenCalls: number;
  poisonedByChance: number;
  unknownAnswers: number;
  caught: Caught;
  recovery: Record<string, { moves: Spread; caughtUp: Spread }>;
  loggedErrors: Record<string, number>;
} & Samples;

const KINDS: readonly ViolationKind[] = [
  'lost',
  'doubled',
  'stuck',
  'wrong end',
  'journal gap',
  'stream gap',
  'false commit',
  'false input',
];
const EXAMPLES = 30;

export type Findings = {
  history: History;
  verdict: Verdict;
  samples: Samples;
  problems: readonly string[];
  caught: Caught;
  loggedErrors: Record<string, number>;
  counts: Pick<Report, 'seed' | 'commit' | 'minutes' | 'runs' | 'tasks' | 'calls'>;
};

export function reportOf({ history, verdict, samples, problems, caught, loggedErrors, counts }: Findings): Report {
  const { violations, repeated, overtaken, poisonedByChance } = verdict;
  const byKind = new Map([...Map.groupBy(violations, ({ kind }) => kind)].map(([kind, all]) => [kind, all.length]));
  const struck = Object.values(history.faults);
  return {
    ...counts,
    isClean: violations.length === 0 && problems.length === 0,
    programs: countBy(history.promised.map(({ kind }) => kind)),
    faults: {
      total: struck.reduce((sum, one) => sum + one, 0),
      kinds: struck.length,
      byKind: history.faults,
      skipped: history.skipped,
    },
    violations: Object.fromEntries(KINDS.map((kind) => [kind, byKind.get(kind) ?? 0])) as Report['violations'],
    problems: [...problems],
    examples: violations.slice(0, EXAMPLES).map(({ kind, run, what }) => `${kind}: ${run}: ${what}`),
    repeatedCalls: repeated,
    overtakenCalls: overtaken,
    poisonedByChance,
    unknownAnswers: history.calls.filter(({ outcome }) => outcome === 'unknown').length,
    caught,
    recovery: recoveryOf(history.recoveries),
    loggedErrors,
    ...samples,
  };
}

function recoveryOf(recoveries: readonly Recovery[]): Report['recovery'] {
  const named = [...Map.groupBy(recoveries, ({ kind }) => kind)].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(
    [['all', [...recoveries]] as const, ...named].map(([kind, all]) => [
      kind,
      {
        moves: spreadOf(all.map(({ movesMs }) => movesMs)),
        caughtUp: spreadOf(all.map(({ caughtUpMs }) => caughtUpMs)),
      },
    ]),
  );
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { n: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}

function countBy(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(names, (name) => name)].map(([name, all]) => [name, all.length]));
}

export function reportLines(report: Report): string[] {
  const { violations, faults, caught, recovery, memory } = report;
  const seconds = ({ p50, p99, max }: Spread): string =>
    [p50, p99, max].map((ms) => (ms / 1000).toFixed(1).padStart(7)).join('');
  return [
    `seed ${report.seed}, commit ${report.commit}, ${report.minutes.toFixed(1)} minutes`,
    `${report.runs} runs, ${report.tasks} tasks, ${report.calls} calls of executors, ${faults.total} faults of ${faults.kinds} kinds`,
    Object.entries(violations)
      .map(([kind, count]) => `${kind} = ${count}`)
      .join(', '),
    `outcomes refused by the fence ${caught.refused}; repairs: offers ${caught.offers}, stranded ${caught.stranded}, neglected ${caught.neglected}, dead workers ${caught.deadWorkers}`,
    `calls repeated ${report.repeatedCalls}, done and overtaken ${report.overtakenCalls}, poisoned by chance ${report.poisonedByChance}, answers that never came ${report.unknownAnswers}`,
    '',
    `${'FAULT'.padEnd(34)}${'N'.padStart(4)}   MOVES P50    P99    MAX   CAUGHT UP P50  P99    MAX  (s after the storm)`,
    ...Object.entries(recovery).map(
      ([kind, { moves, caughtUp }]) =>
        `${kind.padEnd(34)}${String(moves.n).padStart(4)}     ${seconds(moves)}       ${seconds(caughtUp)}`,
    ),
    '',
    ...memory.map(({ place, mib, minutes, mibPerHour }) => {
      const grows = mibPerHour === null ? 'too short to tell' : `${mibPerHour.toFixed(1)} MiB/h`;
      return `${place.padEnd(20)} ${mib.toFixed(0).padStart(5)} MiB after ${minutes.toFixed(1)} min, ${grows}`;
    }),
    `dead tuples at most ${report.deadTuplesMax}, Redis at most ${report.redisMaxMiB.toFixed(1)} MiB, open runs at most ${report.openRunsMax}`,
    ...report.problems.map((problem) => `PROBLEM ${problem}`),
    ...report.examples.map((example) => `VIOLATION ${example}`),
    report.isClean ? 'clean' : 'NOT CLEAN',
  ];
}
