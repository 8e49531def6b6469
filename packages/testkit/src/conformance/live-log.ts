import { randomBytes } from 'node:crypto';

import { makeUuidV7, placeText, START } from '@weft/engine/domain';
import type { Place } from '@weft/engine/domain';
import type { EventBus, LiveEvent, LiveLimits, LiveLog, LivePage } from '@weft/engine/ports';
import { describe, expect, onTestFinished, test } from 'vitest';

export type LiveLogUnderTest = {
  log: LiveLog;
  /** Another client of the same log; the same object, if there can be one only. */
  other: LiveLog;
  /** The bus that it wakes listeners by. */
  bus: EventBus;
  /** Makes it forget everything, as a restart does; gives the log as it is then. */
  forget(): Promise<LiveLog>;
  dispose?: () => Promise<void>;
};

export type OpenLiveLog = (limits?: Partial<LiveLimits>) => LiveLogUnderTest | Promise<LiveLogUnderTest>;

const MANY = 1000;
const POLL = { timeout: 3000, interval: 5 };

/** What every live log promises. */
export function liveLogConformance(name: string, open: OpenLiveLog): void {
  describe(`the live log ${name}`, () => {
    places(open);
    bounds(open);
    forgetting(open);
  });
}

function places(open: OpenLiveLog): void {
  test('C5: gives what was added, in order, each with a place behind its step', async () => {
    const { log, other } = await opened(open);
    const runId = newRunId();
    await log.append([token(runId, 3, 'a'), token(runId, 3, 'b')]);
    await log.append([token(runId, 5, 'c')]);
    const page = await other.read(reading(runId, { step: 5 }));

    expect(texts(page)).toEqual(['3.1 a', '3.2 b', '5.1 c']);
    expect(page.events[0]).toEqual({ ...token(runId, 3, 'a'), n: 1, runId: undefined });
    expect(page).toMatchObject({ more: false, lost: false, next: { step: 5, n: 1 } });
  });

  test('gives what stands behind a place only, page by page', async () => {
    const { log } = await opened(open);
    const runId = newRunId();
    await log.append(Array.from({ length: 7 }, (_, index) => token(runId, 1, `${index}`)));
    const seen: string[] = [];
    let after: Place = { step: 1, n: 2 };
    for (let more = true; more;) {
      const page = await log.read({ ...reading(runId), after, limit: 2 });
      seen.push(...texts(page));
      ({ more, next: after } = page);
    }
    expect(seen).toEqual(['1.3 2', '1.4 3', '1.5 4', '1.6 5', '1.7 6']);
  });

  test('gives no place before a step that somebody has read up to', async () => {
    const { log, other } = await opened(open);
    const runId = newRunId();
    await log.append([token(runId, 1, 'a')]);
    const { next } = await other.read(reading(runId, { step: 4 }));
    await log.append([token(runId, 1, 'late'), token(runId, 2, 'later')]);
    const page = await other.read({ ...reading(runId, { step: 4 }), after: next });

    expect(texts(page)).toEqual(['4.1 late', '4.2 later']);
    expect(page.lost).toBe(false);
  });

  test('holds what is fleeting only of runs that it knows', async () => {
    const { log } = await opened(open);
    const [unknown, known] = [newRunId(), newRunId()];
    const fleeting = (runId: string): LiveEvent => ({ ...token(runId, 1, 'started'), fleeting: true });
    await log.append([token(known, 1, 'a')]);
    await log.append([fleeting(unknown), fleeting(known)]);

    expect(texts(await log.read(reading(known)))).toEqual(['1.1 a', '1.2 started']);
    expect(await log.read(reading(unknown))).toMatchObject({ events: [], lost: false });
    await log.append([fleeting(unknown)]);
    expect(texts(await log.read(reading(unknown)))).toEqual(['1.1 started']);
  });

  test('wakes who listens to the run', async () => {
    const { log, bus } = await opened(open);
    const runId = newRunId();
    let woken = 0;
    onTestFinished(bus.subscribe(runId, ({ kind }) => void (woken += Number(kind === 'live'))));
    const wake = async (): Promise<number> => {
      await log.append([token(runId, 1, 'a'), token(newRunId(), 1, 'b')]);
      return woken;
    };
    await expect.poll(wake, POLL).toBeGreaterThan(0);
  });
}

function bounds(open: OpenLiveLog): void {
  test('C5: lets the oldest of a run go where they are too many, and says so to whom they are missing', async () => {
    const { log } = await opened(open, { runEvents: 10 });
    const runId = newRunId();
    await log.append(Array.from({ length: 25 }, (_, index) => token(runId, 1, `${index}`)));
    const behind = await log.read({ ...reading(runId), after: { step: 1, n: 4 } });
    const inTime = await log.read({ ...reading(runId), after: { step: 1, n: 20 } });

    expect(texts(behind)).toEqual(Array.from({ length: 10 }, (_, index) => `1.${index + 16} ${index + 15}`));
    expect(behind.lost).toBe(true);
    expect(texts(inTime)).toHaveLength(5);
    expect(inTime.lost).toBe(false);
    expect((await log.read({ ...reading(runId), after: behind.next })).lost).toBe(false);
  });

  test('lets the oldest of a run go where they are too large', async () => {
    const { log } = await opened(open, { runBytes: 10_000 });
    const runId = newRunId();
    for (let n = 0; n < 5; n++) await log.append([token(runId, 1, `${n}`.repeat(3000))]);
    const page = await log.read(reading(runId));

    expect(page.events.length).toBeGreaterThan(0);
    expect(page.events.length).toBeLessThan(4);
    expect(page.lost).toBe(true);
  });

  test('lets go the runs that were quiet for the longest where all are too large together', async () => {
    const { log } = await opened(open, { totalBytes: 20_000 });
    const runs = Array.from({ length: 5 }, () => newRunId());
    for (const runId of runs) {
      await log.append([token(runId, 1, 'x'.repeat(6000))]);
      await nextMillisecond();
    }
    const pages = [];
    for (const runId of runs) pages.push(await log.read(reading(runId)));

    expect(pages.map(({ events }) => events.length)).toEqual([0, 0, 1, 1, 1]);
    expect(pages.map(({ lost }) => lost)).toEqual([true, true, false, false, false]);
  });

  test('says where something was lost on the way, once', async () => {
    const { log } = await opened(open);
    const runId = newRunId();
    await log.append([token(runId, 1, 'a'), { runId, step: 1, mode: 'lost' }, token(runId, 1, 'b')]);
    const page = await log.read({ ...reading(runId), after: { step: 1, n: 1 } });

    expect(page.lost).toBe(true);
    expect(texts(page)).toEqual(['1.3 b']);
    expect((await log.read({ ...reading(runId), after: page.next })).lost).toBe(false);
  });
}

function forgetting(open: OpenLiveLog): void {
  test('C5: after everything was forgotten, no place is given twice and who comes with an old one is told', async () => {
    const { log, forget } = await opened(open);
    const runId = newRunId(Date.now() - 60_000);
    await log.append([token(runId, 2, 'a'), token(runId, 2, 'b')]);
    const { next } = await log.read(reading(runId, { step: 2 }));
    await nextMillisecond();
    const after = await forget();
    await after.append([token(runId, 2, 'c')]);
    const page = await after.read({ ...reading(runId, { step: 2 }), after: next });
    const byStep = await after.read({ ...reading(runId, { step: 2 }), after: { step: 2, n: 0 } });

    expect(page.lost).toBe(true);
    expect(page.events.map(({ data }) => data['text'])).toEqual(['c']);
    expect(page.events[0]?.n).toBeGreaterThan(next.n);
    expect(byStep.lost).toBe(true);
    await after.append([token(runId, 3, 'd')]);
    const later = await after.read({ ...reading(runId, { step: 3 }), after: page.next });
    expect(later).toMatchObject({ lost: false, events: [{ data: { text: 'd' } }] });
    expect((await after.read({ ...reading(runId, { step: 3 }), after: { step: 3, n: 0 } })).lost).toBe(false);
  });

  test('a run that began after everything was forgotten misses nothing', async () => {
    const { forget } = await opened(open);
    const after = await forget();
    await nextMillisecond();
    const runId = newRunId(Date.now() + 1000);
    await after.append([token(runId, 1, 'a')]);

    expect(await after.read(reading(runId))).toMatchObject({ lost: false, events: [{ n: 1 }] });
  });
}

type Opened = Omit<LiveLogUnderTest, 'dispose'>;

async function opened(open: OpenLiveLog, limits?: Partial<LiveLimits>): Promise<Opened> {
  const { dispose, ...log } = await open(limits);
  if (dispose !== undefined) onTestFinished(dispose);
  return log;
}

function newRunId(startedAt = Date.now() + 1000): string {
  return makeUuidV7(startedAt, randomBytes(10));
}

function token(runId: string, step: number, text: string): LiveEvent {
  return { runId, step, mode: 'messages', type: 'token', at: 1, data: { text } };
}

function reading(runId: string, { step = 1 } = {}) {
  return { runId, after: START, step, limit: MANY };
}

function texts({ events }: LivePage): string[] {
  return events.map((event) => `${placeText(event)} ${(event.data as { text: string }).text}`);
}

/** So that what comes has another time than what was. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  await expect.poll(() => Date.now(), POLL).toBeGreaterThan(now + 1);
}
