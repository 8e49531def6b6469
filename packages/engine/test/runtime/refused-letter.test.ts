import { createFakeClock } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import type { LetterRecord } from '../../src/ports/index.ts';
import { createDeadLetters } from '../../src/runtime/steering/dead-letters.ts';

type Deps = Parameters<typeof createDeadLetters>[0];

const ID = '0198a000-0000-8000-8000-00000000000a';
const LETTER = {
  id: ID,
  runId: 'R',
  workflow: { tenant: 'acme', name: 'x', version: 1 },
  key: 'a#0',
  node: 'a',
  lane: 'default',
  status: 'failed',
  attempt: 1,
  runStatus: 'running',
} as LetterRecord;

/** What a retry is told whose run has left the letter as it was; before and after that the letter is as given. */
async function refusal(...states: Partial<LetterRecord>[]): Promise<unknown> {
  const seen = states.map((state) => ({ ...LETTER, ...state }));
  const deps = {
    clock: createFakeClock(),
    letters: { letters: async () => [], letter: async () => seen.shift() ?? null },
    runs: { sendMail: async () => true },
    settler: { settle: async () => ({ exists: true }) },
    reader: { stepOfMail: async () => null },
  } as unknown as Deps;
  const request = { tenant: 'acme', action: 'retry', taskId: ID, by: null, idempotency: null } as const;
  return createDeadLetters(deps)
    .actOnLetter(request)
    .catch((error: Error) => error.message);
}

describe('a letter that its run has left as it is', () => {
  test('may be retried again where the run has ended since', async () => {
    expect(await refusal({}, { runStatus: 'succeeded' })).toMatch(/ask again if the run has only now ended/);
  });

  test('would come to the same where no worker does it', async () => {
    const ended: Partial<LetterRecord> = { lane: null, runStatus: 'succeeded' };
    expect(await refusal(ended, ended)).toMatch(/would change nothing/);
  });

  test('waits for the end of a run that goes on, and is none where it was retried meanwhile', async () => {
    expect(await refusal({}, {})).toMatch(/retry it when the run has ended/);
    expect(await refusal({}, { attempt: 2 })).toBe('it was retried meanwhile');
  });
});
