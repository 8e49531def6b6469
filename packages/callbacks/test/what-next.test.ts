import { expect, test } from 'vitest';

import type { Sent } from '../src/send.ts';
import { SCHEDULE_MS, whatNext } from '../src/what-next.ts';

const attempt = { at: '2026-11-01T00:00:00Z', ms: 1, status: 503, body: '', error: null };
const failed: Sent = { kind: 'failed', attempt };
const calm = { schedule: SCHEDULE_MS, chance: 0 };

test('attempts follow the schedule of Standard Webhooks, and the tenth is the last', () => {
  const nexts = Array.from({ length: 10 }, (_, attempts) => whatNext(failed, { attempts }, calm));

  expect(nexts.map((next) => (next.kind === 'retry' ? next.inMs / 1000 : next.kind))).toEqual([
    5,
    300,
    1_800,
    7_200,
    18_000,
    36_000,
    50_400,
    72_000,
    86_400,
    'dead',
  ]);
});

test('chance makes a pause longer by a tenth at most', () => {
  const next = whatNext(failed, { attempts: 1 }, { ...calm, chance: 1 });

  expect(next).toEqual({ kind: 'retry', inMs: 330_000 });
});

test('a receiver that asks to wait is waited for, and one that asks for less is not hurried to', () => {
  const asked = (retryAfterMs: number) => whatNext({ ...failed, retryAfterMs }, { attempts: 1 }, calm);

  expect(asked(1_000_000)).toEqual({ kind: 'retry', inMs: 1_000_000 });
  expect(asked(1)).toEqual({ kind: 'retry', inMs: 300_000 });
});

test('410 disables, and an address that is refused is given up at once', () => {
  expect(whatNext({ kind: 'gone', attempt }, { attempts: 0 }, calm)).toEqual({ kind: 'disable' });
  expect(whatNext({ kind: 'refused', attempt }, { attempts: 0 }, calm)).toEqual({ kind: 'dead' });
});
