import { createMemoryHousekeeping } from '@weft/embedded';
import { createFakeClock } from '@weft/testkit';
import { housekeepingConformance } from '@weft/testkit/conformance/housekeeping';
import { expect, test } from 'vitest';

housekeepingConformance('in memory', () => {
  const clock = createFakeClock();
  const fleet = [createMemoryHousekeeping({ clock, onListenerError: () => undefined })];
  return { fleet, elapse: (ms) => clock.advance(ms) };
});

test('housekeeping in memory lets the clock rest when nobody works', async () => {
  const clock = createFakeClock();
  const housekeeping = createMemoryHousekeeping({ clock });
  const leave = housekeeping.onTurn(async () => {});
  await housekeeping.keep([{ name: 'a', everyMs: 100 }]);
  expect(clock.pending).toBe(1);

  leave();
  expect(clock.pending).toBe(0);
});
