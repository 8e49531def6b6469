import type { EventBus, RunNotice } from '@weft/engine/ports';
import { describe, expect, onTestFinished, test } from 'vitest';

export type EventBusUnderTest = {
  bus: EventBus;
  /** Another client of the same bus; the same object, if there can be one only. */
  other: EventBus;
  dispose?: () => Promise<void>;
};

export type OpenEventBus = () => EventBusUnderTest | Promise<EventBusUnderTest>;

const BOUND_MS = 3_000;
const POLL = { timeout: BOUND_MS, interval: 5 };

/** What every event bus promises: what was published while one listened arrives, in order, and to nobody else. */
export function eventBusConformance(name: string, open: OpenEventBus): void {
  describe(`the event bus ${name}`, () => {
    test('C5: a listener of a run hears its notices as published and in order', async () => {
      const { bus, other } = await openBus(open);
      const heard = await listen({ bus, other }, 'run-1');
      const notices = [step('run-1', 1), live('run-1'), step('run-1', 2), step('run-1', 3, true)];
      bus.publish(notices.slice(0, 2));
      bus.publish(notices.slice(2));

      await expect.poll(() => heard, POLL).toEqual(notices);
    });

    test('a listener of a run hears nothing of other runs', async () => {
      const { bus, other } = await openBus(open);
      const heard = await listen({ bus, other }, 'run-1');
      bus.publish([step('run-2', 1), step('run-11', 1), step('run-1', 1)]);

      await expect.poll(() => heard, POLL).toEqual([step('run-1', 1)]);
    });

    test('a listener of all runs hears every one, in order', async () => {
      const { bus, other } = await openBus(open);
      const heard = await listen({ bus, other }, null);
      const notices = [step('run-2', 1), step('run-1', 1), step('run-2', 2, true)];
      bus.publish(notices);

      await expect.poll(() => heard, POLL).toEqual(notices);
    });

    test('all listeners hear, those of the publishing client too', async () => {
      const { bus, other } = await openBus(open);
      const lists = [
        await listen({ bus, other }, 'run-1'),
        await listen({ bus, other: bus }, 'run-1'),
        await listen({ bus, other }, null),
      ];
      bus.publish([step('run-1', 1)]);

      await expect.poll(() => lists, POLL).toEqual([[step('run-1', 1)], [step('run-1', 1)], [step('run-1', 1)]]);
    });

    test('who has left hears no more, and leaving twice ends no other subscription', async () => {
      const { bus, other } = await openBus(open);
      const heard: RunNotice[] = [];
      const listener = (notice: RunNotice): void => {
        if (notice.kind !== 'gap' && !isProbe(notice)) heard.push(notice);
      };
      const leave = other.subscribe('run-1', listener);
      onTestFinished(other.subscribe('run-1', listener));
      const witness = await listen({ bus, other }, 'run-1');
      leave();
      leave();
      heard.length = 0;
      bus.publish([step('run-1', 1)]);

      await expect.poll(() => witness, POLL).toEqual([step('run-1', 1)]);
      await expect.poll(() => heard, POLL).toEqual([step('run-1', 1)]);
    });

    test('who leaves while it hears, hears once', async () => {
      const { bus, other } = await openBus(open);
      let count = 0;
      const leave = other.subscribe(null, ({ runId }) => {
        if (runId !== 'run-1') return;
        count++;
        leave();
      });
      const witness = await listen({ bus, other }, null);
      bus.publish([step('run-1', 1), step('run-1', 2)]);

      await expect.poll(() => witness.length, POLL).toBe(2);
      expect(count).toBe(1);
    });

    test('a listener that throws stops neither the publisher nor other listeners', async () => {
      const { bus, other } = await openBus(open);
      onTestFinished(
        other.subscribe('run-1', () => {
          throw new Error('a listener fails');
        }),
      );
      const heard = await listen({ bus, other }, 'run-1');
      bus.publish([step('run-1', 1)]);
      bus.publish([step('run-1', 2)]);

      await expect.poll(() => heard, POLL).toEqual([step('run-1', 1), step('run-1', 2)]);
    });

    test('publishing without a listener or a notice does nothing', async () => {
      const { bus, other } = await openBus(open);
      bus.publish([step('run-1', 1)]);
      bus.publish([]);
      const heard = await listen({ bus, other }, 'run-1');
      bus.publish([step('run-1', 2)]);

      await expect.poll(() => heard, POLL).toContainEqual(step('run-1', 2));
    });
  });
}

async function openBus(open: OpenEventBus): Promise<Omit<EventBusUnderTest, 'dispose'>> {
  const { dispose, ...opened } = await open();
  if (dispose !== undefined) onTestFinished(dispose);
  return opened;
}

/** Subscribes on `other`, and waits until what `bus` publishes arrives; returns the list that grows with the notices. */
async function listen({ bus, other }: { bus: EventBus; other: EventBus }, runId: string | null): Promise<RunNotice[]> {
  const heard: RunNotice[] = [];
  let probes = 0;
  let probesHeard = 0;
  const leave = other.subscribe(runId, (notice) => {
    if (isProbe(notice)) probesHeard++;
    else if (notice.kind !== 'gap') heard.push(notice);
  });
  onTestFinished(leave);
  const probe = (): boolean => {
    if (probesHeard === 0) bus.publish([probeOf(runId ?? 'probe', ++probes)]);
    return probesHeard > 0;
  };
  await expect.poll(probe, POLL).toBe(true);
  return heard;
}

function probeOf(runId: string, probe: number): RunNotice {
  return step(runId, -probe);
}

function isProbe(notice: RunNotice): boolean {
  return notice.kind === 'step' && notice.step < 0;
}

function step(runId: string, number: number, ended = false): RunNotice {
  return { kind: 'step', runId, step: number, ended };
}

function live(runId: string): RunNotice {
  return { kind: 'live', runId };
}
