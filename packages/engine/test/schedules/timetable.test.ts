import type { ScheduleSpec } from '@weft/contract';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { nextInstants } from '../../src/domain/schedules/instants.ts';
import { openTimetable, timetableOf } from '../../src/domain/schedules/timetable.ts';

const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');

function next(spec: ScheduleSpec, after: string, count = 3): string[] {
  return nextInstants(timetableOf(spec), Date.parse(after), count).map(iso);
}

function problem(spec: ScheduleSpec) {
  const opened = openTimetable(spec);
  return 'problem' in opened ? opened.problem : null;
}

describe('a cron in a time zone', () => {
  test('fires at the same hour of the wall clock all year round', () => {
    const spec = { cron: '30 9 * * 1-5', timeZone: 'Europe/Berlin' };
    expect(next(spec, '2026-03-26T12:00:00Z')).toEqual([
      '2026-03-27T08:30:00Z',
      '2026-03-30T07:30:00Z',
      '2026-03-31T07:30:00Z',
    ]);
  });

  test.each([
    ['Europe/Berlin', '30 2 * * *', '2026-03-28T12:00:00Z', '2026-03-29T01:00:00Z'],
    ['America/New_York', '30 2 * * *', '2026-03-07T12:00:00Z', '2026-03-08T07:00:00Z'],
    ['Australia/Lord_Howe', '15 2 * * *', '2026-10-03T00:00:00Z', '2026-10-03T15:30:00Z'],
  ])('of %s that names a time which the clock leaves out fires once, at the change', (timeZone, cron, after, at) => {
    expect(next({ cron, timeZone }, after, 1)).toEqual([at]);
    const [first = '', second = ''] = next({ cron, timeZone }, after, 2);
    expect(Date.parse(second) - Date.parse(first)).toBeGreaterThan(22 * 3_600_000);
  });

  test('that names several times which the clock leaves out fires once for all of them', () => {
    const spec = { cron: '*/15 2,3 * * *', timeZone: 'Europe/Berlin' };
    expect(next(spec, '2026-03-28T12:00:00Z', 2)).toEqual(['2026-03-29T01:00:00Z', '2026-03-29T01:15:00Z']);
  });

  test.each([
    ['Europe/Berlin', '30 2 * * *', '2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z'],
    ['America/New_York', '30 1 * * *', '2026-10-31T12:00:00Z', '2026-11-01T05:30:00Z'],
    ['Australia/Lord_Howe', '45 1 * * *', '2026-04-04T00:00:00Z', '2026-04-04T14:45:00Z'],
  ])('of %s that names a time which comes twice fires the first time only', (timeZone, cron, after, at) => {
    const [first, second = ''] = next({ cron, timeZone }, after, 2);
    expect(first).toBe(at);
    expect(Date.parse(second) - Date.parse(at)).toBeGreaterThan(24 * 3_600_000);
  });

  test('asked in the hour that comes the second time goes on after it', () => {
    const spec = { cron: '*/20 * * * *', timeZone: 'Europe/Berlin' };
    expect(next(spec, '2026-10-25T01:10:00Z', 1)).toEqual(['2026-10-25T02:00:00Z']);
  });

  test('knows seconds, L, W, # and names', () => {
    expect(next({ cron: '*/20 0 0 * * *' }, '2026-11-29T00:00:00Z', 2)).toEqual([
      '2026-11-29T00:00:20Z',
      '2026-11-29T00:00:40Z',
    ]);
    expect(next({ cron: '0 0 L * *' }, '2026-02-01T00:00:00Z', 1)).toEqual(['2026-02-28T00:00:00Z']);
    expect(next({ cron: '0 0 15W * *' }, '2026-08-01T00:00:00Z', 1)).toEqual(['2026-08-14T00:00:00Z']);
    expect(next({ cron: '0 0 * * FRI#2' }, '2026-11-29T00:00:00Z', 1)).toEqual(['2026-12-11T00:00:00Z']);
    expect(next({ cron: '@daily' }, '2026-11-29T00:00:00Z', 1)).toEqual(['2026-11-30T00:00:00Z']);
  });
});

/** By trying every minute: the first with that time, or the first after a gap. */
function naive(timeZone: string, hour: number, minute: number, fromMs: number): number {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  const local = (ms: number) => format.format(ms);
  const day = local(fromMs).slice(0, 10);
  const wanted = `${day} ${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
  for (let at = fromMs; ; at += 60_000) if (local(at) >= wanted) return at;
}

test('a daily cron agrees with a model that tries every minute, on days with and without a change', () => {
  const days = fc.constantFrom(
    ['Europe/Berlin', '2026-03-28T23:00:00Z'],
    ['Europe/Berlin', '2026-10-24T22:00:00Z'],
    ['America/New_York', '2026-03-08T05:00:00Z'],
    ['America/New_York', '2026-11-01T04:00:00Z'],
    ['Australia/Lord_Howe', '2026-10-03T13:30:00Z'],
    ['Australia/Lord_Howe', '2026-04-04T13:00:00Z'],
    ['Asia/Kathmandu', '2026-06-09T18:15:00Z'],
  );
  const hour = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 4 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 23 }) },
  );
  fc.assert(
    fc.property(days, hour, fc.integer({ min: 0, max: 59 }), ([timeZone = '', midnight = ''], h, m) => {
      const from = Date.parse(midnight);
      const instant = timetableOf({ cron: `${m} ${h} * * *`, timeZone }).next(from - 1);
      expect(iso(instant ?? 0)).toBe(iso(naive(timeZone, h, m, from)));
    }),
    { numRuns: 60 },
  );
});

test('instants of any cron rise, however often the next is asked for', () => {
  const field = (max: number) =>
    fc.oneof(
      fc.constant('*'),
      fc.integer({ min: 2, max: 9 }).map((n) => `*/${n}`),
      fc.integer({ min: 0, max }).map(String),
    );
  const zones = fc.constantFrom('Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'UTC');
  fc.assert(
    fc.property(field(59), field(23), zones, fc.integer({ min: 0, max: 8760 }), (m, h, timeZone, hours) => {
      const after = Date.UTC(2026, 0, 1) + hours * 3_600_000;
      const instants = nextInstants(timetableOf({ cron: `${m} ${h} * * *`, timeZone }), after, 5);
      expect(instants).toEqual(
        Array.from(new Set([after, ...instants]))
          .toSorted((a, b) => a - b)
          .slice(1),
      );
    }),
    { numRuns: 100 },
  );
});

describe('other specs', () => {
  test('every so many ms is counted from 1970, without drift', () => {
    expect(next({ everyMs: 3_600_000, offsetMs: 600_000 }, '2026-11-29T00:05:00Z', 2)).toEqual([
      '2026-11-29T00:10:00Z',
      '2026-11-29T01:10:00Z',
    ]);
  });

  test('once is once', () => {
    expect(next({ at: '2026-12-01T00:00:00Z' }, '2026-11-29T00:00:00Z')).toEqual(['2026-12-01T00:00:00Z']);
    expect(next({ at: '2026-12-01T00:00:00Z' }, '2026-12-01T00:00:00Z')).toEqual([]);
  });

  test('a beginning and an end bound it, both included', () => {
    const spec = { cron: '0 0 * * *', startAt: '2026-12-01T00:00:00Z', endAt: '2026-12-02T00:00:00Z' };
    expect(next(spec, '2026-11-29T00:00:00Z')).toEqual(['2026-12-01T00:00:00Z', '2026-12-02T00:00:00Z']);
  });
});

describe('what is wrong with a spec is told at its place', () => {
  test.each([
    [{ cron: '0 25 * * *' }, '/cron', 'the field hour cannot be "25"'],
    [{ cron: '0 0 32 * *' }, '/cron', 'the field day of month cannot be "32"'],
    [{ cron: '61 0 0 * * *' }, '/cron', 'the field second cannot be "61"'],
    [{ cron: '* * * * FOO' }, '/cron', 'the field day of week cannot be "FOO"'],
    [{ cron: '* * * *' }, '/cron', /here are 4$/],
    [{ cron: '2026-12-01T00:00:00' }, '/cron', /here are 1$/],
    [{ cron: '@reboot' }, '/cron', /five fields/],
    [{ cron: '* * * * *', timeZone: 'Europe/Atlantis' }, '/timeZone', 'there is no time zone "Europe/Atlantis"'],
    [{}, '', /exactly one of/],
    [{ cron: '* * * * *', everyMs: 1000 }, '/everyMs', /here are cron and everyMs/],
    [{ everyMs: 1000, timeZone: 'UTC' }, '/timeZone', /only a cron/],
    [{ cron: '* * * * *', offsetMs: 5 }, '/offsetMs', /offset/],
    [{ cron: '* * * * *', startAt: '2026-12-02T00:00:00Z', endAt: '2026-12-01T00:00:00Z' }, '/endAt', /before startAt/],
  ] as [ScheduleSpec, string, string | RegExp][])('%j', (spec, pointer, message) => {
    expect(problem(spec)).toMatchObject({
      pointer,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });
});
