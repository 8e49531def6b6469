import type { DueTimer, Timers } from '@weft/engine/ports';
import { describe, expect, onTestFinished, test } from 'vitest';

export type TimersUnderTest = {
  timers: Timers;
  /** Lets this much time pass for the timers: a fake clock moves on, a real one is waited for. */
  elapse: (ms: number) => void | Promise<void>;
  dispose?: () => Promise<void>;
};

export type OpenTimers = () => TimersUnderTest | Promise<TimersUnderTest>;

export type TimersConformanceOptions = {
  /** One unit of the due times used; longer than the timers may wake late (100 ms). */
  unitMs?: number;
};

const POLL = { timeout: 5_000, interval: 5 };
const MANY = 3_000;

/** What every `Timers` does while nothing fails (rule A12); late or lost wake-ups are the sweeper's to repair. */
export function timersConformance(
  name: string,
  open: OpenTimers,
  { unitMs = 100 }: TimersConformanceOptions = {},
): void {
  const timer = (key: string, units: number, parts: Partial<DueTimer> = {}): DueTimer => {
    const inMs = units * unitMs;
    return { runId: 'run-1', key, kind: 'retry', attempt: 2, dueAt: Date.UTC(2026, 0, 1) + inMs, inMs, ...parts };
  };

  describe(`the timers ${name}`, () => {
    test('A12: a timer wakes when it is due and not before', async () => {
      const { timers, elapse, heard } = await openTimers(open);
      await timers.schedule([timer('a#1', 3)]);
      await elapse(unitMs);
      expect(heard).toEqual([]);
      await elapse(3 * unitMs);

      await expect.poll(() => keysOf(heard), POLL).toEqual(['a#1']);
    });

    test('A12: a timer arrives as it was scheduled', async () => {
      const { timers, elapse, heard } = await openTimers(open);
      const scheduled = timer('each#1[17]/inner#2', 1, { kind: 'queue', attempt: 5 });
      await timers.schedule([scheduled]);
      await elapse(2 * unitMs);

      await expect.poll(() => heard.length, POLL).toBe(1);
      const { inMs: _wait, ...record } = scheduled;
      expect(heard[0]).toMatchObject(record);
    });

    test('A12: a timer that is overdue wakes at once', async () => {
      const { timers, elapse, heard } = await openTimers(open);
      await timers.schedule([timer('now#1', 0), timer('late#1', -600)]);
      await elapse(1);

      await expect.poll(() => keysOf(heard).toSorted(), POLL).toEqual(['late#1', 'now#1']);
    });

    test('A12: timers wake in order of due time, not of scheduling', async () => {
      const { timers, elapse, heard } = await openTimers(open);
      await timers.schedule([timer('c#1', 5), timer('a#1', 1)]);
      await timers.schedule([timer('b#1', 3)]);
      for (let unit = 0; unit < 7; unit++) await elapse(unitMs);

      await expect.poll(() => keysOf(heard), POLL).toEqual(['a#1', 'b#1', 'c#1']);
    });

    test('A12: a timer that is known is not added again', async () => {
      const { timers, elapse, heard } = await openTimers(open);
      await timers.schedule([timer('a#1', 1), timer('a#1', 1)]);
      await timers.schedule([{ ...timer('a#1', 1), inMs: unitMs - 1 }, timer('last#1', 3)]);
      for (let unit = 0; unit < 5; unit++) await elapse(unitMs);

      await expect.poll(() => keysOf(heard), POLL).toEqual(['a#1', 'last#1']);
    });

    test('A12: run, key and kind tell timers apart', async () => {
      const { timers, elapse, heard } = await openTimers(open);
      const apart = [timer('a#1', 1), timer('b#1', 1), timer('a#1', 1, { kind: 'queue' })];
      await timers.schedule([...apart, timer('a#1', 1, { runId: 'run-2' })]);
      await elapse(2 * unitMs);

      await expect.poll(() => heard.length, POLL).toBe(4);
    });

    test('A12: another attempt of a timer wakes at its own due time', async () => {
      const { timers, elapse, heard } = await openTimers(open);
      await timers.schedule([timer('a#1', 1, { attempt: 2 })]);
      await timers.schedule([timer('a#1', 3, { attempt: 3 })]);
      for (let unit = 0; unit < 5; unit++) await elapse(unitMs);

      await expect.poll(() => heard.map(({ attempt }) => attempt), POLL).toContain(3);
    });

    test('A12: a timer that has woken may be asked for again', async () => {
      const { timers, elapse, heard } = await openTimers(open);
      for (const count of [1, 2]) {
        await timers.schedule([timer('a#1', 1)]);
        await elapse(2 * unitMs);
        await expect.poll(() => heard.length, POLL).toBe(count);
      }
    });

    test('A12: thousands of timers wake, each once', async () => {
      const { timers, elapse, heard } = await openTimers(open);
      const many = Array.from({ length: MANY }, (_, index) => timer(`t#${index}`, (index * 7) % 3));
      await timers.schedule(many);
      await elapse(3 * unitMs);

      await expect.poll(() => keysOf(heard).toSorted(), POLL).toEqual(keysOf(many).toSorted());
    });

    test('A12: who has left hears no more', async () => {
      const { timers, elapse, heard } = await openTimers(open);
      const gone: DueTimer[] = [];
      const leave = timers.onDue((due) => void gone.push(...due));
      leave();
      leave();
      await timers.schedule([timer('a#1', 1)]);
      await elapse(2 * unitMs);

      await expect.poll(() => heard.length, POLL).toBe(1);
      expect(gone).toEqual([]);
    });
  });
}

/** Opens timers with a listener, whose list grows with what is due. */
async function openTimers(open: OpenTimers): Promise<Omit<TimersUnderTest, 'dispose'> & { heard: DueTimer[] }> {
  const { dispose, ...opened } = await open();
  const heard: DueTimer[] = [];
  const leave = opened.timers.onDue((due) => void heard.push(...due));
  onTestFinished(async () => {
    leave();
    await dispose?.();
  });
  return { ...opened, heard };
}

function keysOf(timers: readonly DueTimer[]): string[] {
  return timers.map(({ key }) => key);
}
