import type { Run } from '@weft/contract';
import { describe, expect, test } from 'vitest';
import { clockOffset } from '../src/stress/clock-offset.ts';
import { figuresOf } from '../src/stress/figures.ts';
import { reportOf, type Findings } from '../src/stress/stress-report.ts';

const options = { tasks: 4, clients: 2, batch: 1, uses: 'echo', input: null, patienceMs: 1, drainMs: 1 };

/** A run of a database whose clock is five seconds ahead; it takes 20 ms from its creation. */
function run(createdAtMs: number, status = 'succeeded'): Run {
  const at = (ms: number): string => new Date(ms + 5000).toISOString();
  return { status, createdAt: at(createdAtMs), endedAt: at(createdAtMs + 20) } as Run;
}

function findings(parts: Partial<Findings> = {}): Findings {
  const accepted = [1000, 1100, 1200].map((sentAt, i) => ({
    runId: `r${i}`,
    sentAt,
    answeredAt: sentAt + 10,
    tries: 1,
  }));
  return {
    session: 's',
    options,
    flood: { accepted, refused: [], retries: 0 },
    runs: new Map(accepted.map(({ runId, sentAt }) => [runId, run(sentAt + 5)])),
    doubled: [],
    heardAt: new Map([['r0', 1050]]),
    ...parts,
  };
}

describe('the report of a flood', () => {
  test('measures from the first try to the end that the database wrote, whatever its clock says', () => {
    const report = reportOf(findings());

    expect(report).toMatchObject({ accepted: 3, refused: 0, lost: 0, doubled: 0, problems: [], drainMs: 225 });
    expect(report.endToEnd).toEqual({ p50: 25, p95: 25, p99: 25, max: 25, clockUncertaintyMs: 5.5 });
    expect(report.noticed).toMatchObject({ count: 1, max: 50 });
    expect(report.submit).toMatchObject({ ms: 210, perSecond: 14, answer: { p50: 10 } });
  });

  test('counts as lost what is not there, has failed or has not ended', () => {
    const runs = new Map([
      ['r0', null],
      ['r1', run(0, 'failed')],
      ['r2', run(0, 'running')],
    ]);

    expect(reportOf(findings({ runs }))).toMatchObject({
      lost: 3,
      problems: [
        'run r0 was accepted and is not there',
        'run r1 was accepted and is failed',
        'run r2 was accepted and is running',
      ],
    });
  });

  test('counts as doubled what ended twice, and runs that nobody was told of', () => {
    const given = findings();
    const runs = new Map([...given.runs, ['extra', run(0)], ['unanswered', run(0)]]);
    const flood = { ...given.flood, refused: ['it did not answer'] };

    expect(reportOf({ ...given, runs, flood, doubled: ['r1'] })).toMatchObject({ doubled: 2, refused: 1, lost: 0 });
  });

  test('is empty where nothing was accepted', () => {
    const flood = { accepted: [], refused: ['no', 'no'], retries: 3 };
    const report = reportOf(findings({ flood, runs: new Map(), heardAt: new Map() }));

    expect(report).toMatchObject({ accepted: 0, refused: 2, endToEnd: null, noticed: null, drainMs: null });
    expect(report.submit).toEqual({ ms: 0, perSecond: 0, answer: null });
  });
});

describe('clocks', () => {
  test('are compared by the narrowest bounds of all pairs', () => {
    const pairs = [
      { sentAt: 0, createdAt: 5003, answeredAt: 10 },
      { sentAt: 100, createdAt: 5109, answeredAt: 110 },
    ];
    expect(clockOffset(pairs)).toEqual({ offsetMs: 5001.5, uncertaintyMs: 2.5 });
    expect(clockOffset([])).toBeNull();
  });

  test('quantiles are values that were measured', () => {
    const values = Array.from({ length: 100 }, (_, i) => 100 - i);
    expect(figuresOf(values)).toEqual({ p50: 50, p95: 95, p99: 99, max: 100 });
    expect(figuresOf([7])).toEqual({ p50: 7, p95: 7, p99: 7, max: 7 });
    expect(figuresOf([])).toBeNull();
  });
});
