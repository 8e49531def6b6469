import { createMemoryEventBus, createMemoryLiveLog, systemClock } from '@weft/embedded';
import { makeUuidV7, START } from '@weft/engine/domain';
import { createFakeClock } from '@weft/testkit';
import { liveLogConformance } from '@weft/testkit/conformance/live-log';
import { expect, test } from 'vitest';

liveLogConformance('in memory', (limits = {}) => {
  const bus = createMemoryEventBus();
  const open = () => createMemoryLiveLog({ bus, clock: systemClock, limits });
  const log = open();
  return { log, other: log, bus, forget: async () => open() };
});

test('a run that was quiet for long is forgotten, and said to be', async () => {
  const clock = createFakeClock();
  const log = createMemoryLiveLog({ bus: createMemoryEventBus(), clock, limits: { idleMs: 1000 } });
  const [quiet, busy] = [1, 2].map((n) => makeUuidV7(clock.now(), Uint8Array.of(n))) as [string, string];
  const event = { step: 1, mode: 'custom', type: 'custom', at: 0, data: {} } as const;
  await log.append([{ ...event, runId: quiet }]);
  clock.advance(1001);
  await log.append([{ ...event, runId: busy }]);

  const page = await log.read({ runId: quiet, after: START, step: 1, limit: 10 });
  expect(page).toMatchObject({ events: [], lost: true });
});
