import type { RunNotice } from '@weft/engine/ports';
import { createMemoryEventBus } from '@weft/embedded';
import { eventBusConformance } from '@weft/testkit/conformance/event-bus';
import { describe, expect, test } from 'vitest';

eventBusConformance('in memory', () => {
  const bus = createMemoryEventBus({ onListenerError: () => undefined });
  return { bus, other: bus };
});

const notice = (step: number): RunNotice => ({ kind: 'step', runId: 'run-1', step, ended: false });

describe('an event bus in memory', () => {
  test('tells who asks of an error that a listener throws', async () => {
    const errors: unknown[] = [];
    const failure = new Error('a listener fails');
    const bus = createMemoryEventBus({ onListenerError: (error) => void errors.push(error) });
    bus.subscribe(null, () => {
      throw failure;
    });
    bus.publish([notice(1)]);

    await expect.poll(() => errors).toEqual([failure]);
  });

  test('keeps the order for all when a listener publishes', async () => {
    const bus = createMemoryEventBus();
    const heard: [number[], number[]] = [[], []];
    const note = (into: number[]) => (told: RunNotice) => void (told.kind === 'step' && into.push(told.step));
    bus.subscribe('run-1', (told) => {
      note(heard[0])(told);
      if (told.kind === 'step' && told.step === 1) bus.publish([notice(3)]);
    });
    bus.subscribe('run-1', note(heard[1]));
    bus.publish([notice(1), notice(2)]);

    await expect
      .poll(() => heard)
      .toEqual([
        [1, 2, 3],
        [1, 2, 3],
      ]);
  });

  test('does not call who was made to leave by a listener before it', async () => {
    const bus = createMemoryEventBus();
    const heard: string[] = [];
    bus.subscribe(null, () => {
      heard.push('first');
      leave();
    });
    const leave = bus.subscribe(null, () => heard.push('second'));
    bus.subscribe(null, () => heard.push('third'));
    bus.publish([notice(1)]);

    await expect.poll(() => heard).toEqual(['first', 'third']);
  });

  test('does not call listeners within the turn of the publisher', () => {
    const bus = createMemoryEventBus();
    const heard: RunNotice[] = [];
    bus.subscribe(null, (told) => heard.push(told));
    bus.publish([notice(1)]);

    expect(heard).toEqual([]);
  });
});
