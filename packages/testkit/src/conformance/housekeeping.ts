import type { Chore, Housekeeping } from '@weft/engine/ports';
import { describe, expect, onTestFinished, test } from 'vitest';

export type HousekeepingUnderTest = {
  /** The processes of one fleet; at least one. */
  fleet: readonly Housekeeping[];
  /** Lets this much time pass for all of them: a fake clock moves on, a real one is waited for. */
  elapse: (ms: number) => void | Promise<void>;
  dispose?: () => Promise<void>;
};

export type OpenHousekeeping = () => HousekeepingUnderTest | Promise<HousekeepingUnderTest>;

export type HousekeepingConformanceOptions = {
  /** The shortest period used; longer than turns may come late (100 ms). */
  unitMs?: number;
};

const POLL = { timeout: 5000, interval: 5 };
const WORKERS = 3;
/** Periods that are waited for at most where a turn may be late. */
const MOST_UNITS = 100;

/** What every `Housekeeping` does while nothing fails. */
export function housekeepingConformance(
  name: string,
  open: OpenHousekeeping,
  { unitMs = 100 }: HousekeepingConformanceOptions = {},
): void {
  const chore = (choreName: string, units: number): Chore => ({ name: choreName, everyMs: units * unitMs });

  describe(`housekeeping ${name}`, () => {
    test('a chore has one turn in its period, however many ask for it and work', async () => {
      const { fleet, elapse, turns } = await openFleet(open);
      const chores = [chore('often', 1), chore('seldom', 100)];
      for (const one of [...fleet, ...fleet]) await one.keep(chores);
      for (let unit = 0; unit < 6; unit++) await elapse(unitMs);

      expect(turns('seldom')).toBe(1);
      // The first comes at once; what is late by less than a period may still be to come.
      expect(turns('often')).toBeGreaterThanOrEqual(5);
      expect(turns('often')).toBeLessThanOrEqual(8);
    });

    test('a chore that is asked for again and again keeps its pace', async () => {
      const { fleet, elapse, turns } = await openFleet(open);
      for (let look = 0; look < 12; look++) {
        for (const one of fleet) await one.keep([chore('often', 2)]);
        await elapse(unitMs / 2);
      }

      expect(turns('often')).toBeGreaterThanOrEqual(3);
      expect(turns('often')).toBeLessThanOrEqual(5);
    });

    test('another period counts from when it was asked for', async () => {
      const { fleet, elapse, turns } = await openFleet(open);
      for (const one of fleet) await one.keep([chore('a', 1000)]);
      await elapse(1);
      await expect.poll(() => turns('a'), POLL).toBe(1);
      for (const one of fleet) await one.keep([chore('a', 1)]);
      for (let unit = 0; unit < 4; unit++) await elapse(unitMs);

      expect(turns('a')).toBeGreaterThanOrEqual(3);
    });

    test('work that fails has its next turn', async () => {
      const { fleet, elapse, turns } = await openFleet(open, () => Promise.reject(new Error('a chore fails')));
      for (const one of fleet) await one.keep([chore('a', 1)]);
      for (let unit = 0; unit < 4; unit++) await elapse(unitMs);

      expect(turns('a')).toBeGreaterThanOrEqual(3);
    });

    test('who has left has no more turns; another one has them', async () => {
      const { fleet, elapse, workers } = await openFleet(open);
      for (const one of fleet) await one.keep([chore('a', 1)]);
      await elapse(unitMs);
      const last = workers.at(-1);
      for (const worker of workers) if (worker !== last) worker.leave();
      // A turn that one of them had just been given may end after this.
      await elapse(unitMs);
      const before = workers.map(({ turns }) => turns.length);
      const moreOf = (index: number) => (workers[index]?.turns.length ?? 0) - (before[index] ?? 0);
      // A turn that was given back may wait for some seconds until somebody looks again.
      for (let unit = 0; unit < MOST_UNITS && moreOf(workers.length - 1) < 3; unit++) await elapse(unitMs);

      const more = workers.map((_, index) => moreOf(index));
      expect(more.slice(0, -1)).toEqual(more.slice(0, -1).map(() => 0));
      expect(more.at(-1)).toBeGreaterThanOrEqual(3);
    });

    test('a turn that nobody could take is for the next who comes', async () => {
      const { fleet, elapse, workers } = await openFleet(open);
      for (const worker of workers) worker.leave();
      await fleet[0]?.keep([chore('a', 100)]);
      await elapse(unitMs);
      const turns: string[] = [];
      const leave = fleet[0]?.onTurn(async (turn) => void turns.push(turn));
      onTestFinished(() => leave?.());
      await elapse(1);

      await expect.poll(() => turns, POLL).toEqual(['a']);
    });
  });
}

type FleetWorker = { turns: string[]; leave: () => void };
type OpenedFleet = Omit<HousekeepingUnderTest, 'dispose'> & {
  workers: FleetWorker[];
  /** How many turns a chore had, in all of the fleet. */
  turns: (name: string) => number;
};

/** Opens a fleet with workers, spread over its processes, that count their turns. */
async function openFleet(open: OpenHousekeeping, work: () => Promise<void> = async () => {}): Promise<OpenedFleet> {
  const { dispose, ...opened } = await open();
  const workers = Array.from({ length: WORKERS }, (_, index): FleetWorker => {
    const turns: string[] = [];
    const member = opened.fleet[index % opened.fleet.length];
    const leave = member?.onTurn((name) => {
      turns.push(name);
      return work();
    });
    return { turns, leave: () => leave?.() };
  });
  onTestFinished(async () => {
    for (const { leave } of workers) leave();
    await dispose?.();
  });
  const turnsOf = (name: string): number =>
    workers.flatMap(({ turns }) => turns).filter((turn) => turn === name).length;
  return { ...opened, workers, turns: turnsOf };
}
