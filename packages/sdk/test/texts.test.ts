import { expect, test } from 'vitest';
import type { EventMode, JsonObject } from '@weft/contract';
import { texts } from '../src/index.ts';
import type { RunStreamItem } from '../src/index.ts';
import { RUN_ID } from './wire-server.ts';

function item(mode: EventMode, type: string, data: JsonObject): RunStreamItem {
  return { kind: 'event', id: null, event: { runId: RUN_ID, step: 1, mode, type, at: '', data } };
}

const attempt = (number: number) => ({ taskId: 't', node: 'a', key: 'a#0', attempt: number });
const token = (number: number, text: string) => item('messages', 'token', { ...attempt(number), text });
const voided = (mode: EventMode) => item(mode, 'task_retried', { voids: { taskId: 't', attempt: 1 } });

async function read(...items: RunStreamItem[]): Promise<string[]> {
  async function* stream(): AsyncGenerator<RunStreamItem> {
    yield* items;
  }
  const told = await Array.fromAsync(texts(stream()));
  return told.map(({ attempt: number, text, voided: isVoid, incomplete }) =>
    [number, text, ...(isVoid ? ['void'] : []), ...(incomplete ? ['incomplete'] : [])].join(' '),
  );
}

test('C5: tokens are put together, and those of an attempt that came to nothing are dropped', async () => {
  const told = await read(
    token(1, 'Hel'),
    token(1, 'lo'),
    voided('tasks'),
    voided('messages'),
    token(1, ' late'),
    token(2, 'Good '),
    token(2, 'day'),
  );
  expect(told).toEqual(['1 Hel', '1 Hello', '1  void', '2 Good ', '2 Good day']);
});

test('after a gap a text is incomplete unless its attempt is known to have begun later', async () => {
  const gap: RunStreamItem = { kind: 'gap', after: '1.1' };
  const started = item('tasks', 'task_started', attempt(2));

  expect(await read(token(1, 'a'), gap, token(1, 'c'), started, token(2, 'x'), token(3, 'y'))).toEqual([
    '1 a',
    '1 ac incomplete',
    '2 x',
    '3 y incomplete',
  ]);
});
