import type { Run } from '@weft/contract';
import { clockOffset } from './clock-offset.ts';
import { figuresOf, rounded, type Figures } from './figures.ts';
import type { StressOptions } from './stress-options.ts';
import type { Accepted, Flood } from './submit-flood.ts';

/** What a flood has shown; durations in milliseconds. */
export type StressReport = {
  session: string;
  tasks: number;
  clients: number;
  batch: number;
  uses: string;
  accepted: number;
  /** Submissions that were refused, or not answered within the patience. */
  refused: number;
  retries: number;
  submit: { ms: number; perSecond: number; answer: Figures | null };
  /** From before the first try of the request until the instant that the database has written as the run's end. */
  endToEnd: (Figures & { clockUncertaintyMs: number }) | null;
  /** The same until the notice of the end arrived here over the WebSocket, for those that were heard of. */
  noticed: (Figures & { count: number }) | null;
  /** From the first submission to the last end. */
  drainMs: number | null;
  /** Accepted runs that are not there, or have not succeeded. */
  lost: number;
  /** Runs with more than one final outcome, and runs that no submission was answered with. */
  doubled: number;
  /** The first of what went wrong. */
  problems: string[];
};

export type Findings = {
  session: string;
  options: StressOptions;
  flood: Flood;
  /** By id; with null for accepted runs that are not there. */
  runs: ReadonlyMap<string, Run | null>;
  doubled: readonly string[];
  heardAt: ReadonlyMap<string, number>;
};

const PROBLEMS_SHOWN = 10;

export function reportOf(findings: Findings): StressReport {
  const { session, options, flood, runs, doubled, heardAt } = findings;
  const { accepted, refused, retries } = flood;
  const lost = accepted.filter(({ runId }) => runs.get(runId)?.status !== 'succeeded');
  const extra = extraRuns(findings);
  const firstAt = accepted.reduce((first, { sentAt }) => Math.min(first, sentAt), Number.POSITIVE_INFINITY);
  const submitMs = accepted.reduce((last, { answeredAt }) => Math.max(last, answeredAt), 0) - firstAt;
  const ends = endsOf(findings);
  const heard = accepted.flatMap(({ runId, sentAt }) =>
    [(heardAt.get(runId) ?? Number.NaN) - sentAt].filter(isMeasured),
  );
  const noticed = figuresOf(heard);
  return {
    session,
    tasks: options.tasks,
    clients: options.clients,
    batch: options.batch,
    uses: options.uses,
    accepted: accepted.length,
    refused: refused.length,
    retries,
    submit: {
      ms: accepted.length > 0 ? rounded(submitMs) : 0,
      perSecond: accepted.length > 0 ? Math.round(accepted.length / Math.max(submitMs / 1000, 0.001)) : 0,
      answer: figuresOf(accepted.map(({ sentAt, answeredAt }) => answeredAt - sentAt)),
    },
    endToEnd: ends?.figures ?? null,
    noticed: noticed && { ...noticed, count: heard.length },
    drainMs: ends && rounded(ends.lastAt - firstAt),
    lost: lost.length,
    doubled: doubled.length + extra.length,
    problems: [
      ...lost.map(({ runId }) => `run ${runId} was accepted and is ${runs.get(runId)?.status ?? 'not there'}`),
      ...doubled.map((runId) => `run ${runId} has more than one final outcome`),
      ...extra.map((runId) => `run ${runId} was started, but no submission was answered with it`),
      ...refused.map((reason) => `a submission was refused: ${reason}`),
    ].slice(0, PROBLEMS_SHOWN),
  };
}

/** Runs of the session beyond those accepted; each submission without an answer may have left one. */
function extraRuns({ flood, runs }: Findings): string[] {
  const answered = new Set(flood.accepted.map(({ runId }) => runId));
  return [...runs.keys()].filter((runId) => !answered.has(runId)).slice(flood.refused.length);
}

function endsOf({
  flood,
  runs,
}: Findings): { figures: Figures & { clockUncertaintyMs: number }; lastAt: number } | null {
  const offset = clockOffset(flood.accepted.flatMap((item) => pairOf(item, runs.get(item.runId) ?? null)));
  if (offset === null) return null;
  const ends = flood.accepted.flatMap(({ runId, sentAt }) => {
    const endedAt = runs.get(runId)?.endedAt;
    // The middle of the millisecond that was cut off.
    return endedAt ? [{ sentAt, at: Date.parse(endedAt) + 0.5 - offset.offsetMs }] : [];
  });
  const figures = figuresOf(ends.map(({ sentAt, at }) => at - sentAt));
  if (figures === null) return null;
  const lastAt = ends.reduce((last, { at }) => Math.max(last, at), 0);
  return { figures: { ...figures, clockUncertaintyMs: rounded(offset.uncertaintyMs) }, lastAt };
}

/** Only a request that was answered at once says when the run was made. */
function pairOf({ sentAt, answeredAt, tries }: Accepted, run: Run | null) {
  return run === null || tries > 1 ? [] : [{ sentAt, answeredAt, createdAt: Date.parse(run.createdAt) }];
}

function isMeasured(ms: number): boolean {
  return !Number.isNaN(ms);
}
