import { taskMessage } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import type { DispatchStore, RunningMark } from '../../src/ports/index.ts';
import { flushRunning } from '../../src/runtime/worker/running-flush.ts';
import type { RunningAttempt } from '../../src/runtime/worker/running-flush.ts';

const DAY = 24 * 3_600_000;

/** Whether an attempt that began `ageMs` ago is written as running. */
async function isMarked(ageMs: number, parts: Partial<RunningAttempt> = {}): Promise<boolean> {
  const marks: RunningMark[] = [];
  const dispatch = {
    async markRunning(some: readonly RunningMark[]) {
      marks.push(...some);
      return [];
    },
  } as Partial<DispatchStore> as DispatchStore;
  const message = taskMessage('default');
  const attempt = { message, startedAt: DAY - ageMs, dueAt: 2 * DAY, checkedAt: null, isOver: false, ...parts };
  await flushRunning(dispatch, { running: [attempt], worker: 'w', now: DAY });
  return marks.length > 0;
}

describe('A6: an attempt is written as running', () => {
  test('once it has run for 100 ms', async () => {
    expect([await isMarked(99), await isMarked(100)]).toEqual([false, true]);
  });

  test('only after half a second if it is over by then and waits for its commit', async () => {
    const isOver = true;
    expect([await isMarked(499, { isOver }), await isMarked(500, { isOver })]).toEqual([false, true]);
  });

  test('again once a second, which tells whether it is still wanted', async () => {
    expect(await isMarked(5000, { checkedAt: DAY - 999 })).toBe(false);
    expect(await isMarked(5000, { checkedAt: DAY - 1000 })).toBe(true);
  });
});
