import { setImmediate as turn } from 'node:timers/promises';

import { createFakeClock, taskMessage } from '@weft/testkit';
import { redact, redactText } from '@weft/executors';
import { describe, expect, test } from 'vitest';

import type { Json } from '@weft/contract';

import type { LiveEntry, Secrets } from '../../src/ports/index.ts';
import { AttemptVoice } from '../../src/runtime/worker/attempt-voice.ts';
import { LiveOutbox } from '../../src/runtime/worker/live-outbox.ts';

const SECRET = 'sk-hunter2';

/** An outbox, and a log that answers as it is told; time moves only when told to. */
function scene({ step = 7 } = {}) {
  const clock = createFakeClock();
  const batches: LiveEntry[][] = [];
  const warnings: string[] = [];
  let answer = async (): Promise<void> => undefined;
  const outbox = new LiveOutbox({
    clock,
    log: { debug() {}, info() {}, warn: (_, message) => void warnings.push(message), error() {} },
    reader: { lastSteps: async (runIds) => new Map(runIds.map((runId) => [runId, step])) },
    live: {
      append: (entries) => {
        batches.push([...entries]);
        return answer();
      },
      read: () => Promise.reject(new Error('nobody reads here')),
    },
  });
  const secrets = { redact, redactText } as Partial<Secrets> as Secrets;
  const log = { debug() {}, info() {}, warn: (_: object, message: string) => void warnings.push(message), error() {} };
  const voice = (taskId = 't') =>
    new AttemptVoice({ outbox, message: taskMessage(taskId, { runId: 'r' }), worker: 'w', secrets, clock, log });
  return {
    clock,
    outbox,
    voice,
    batches,
    warnings,
    answerBy: (given: () => Promise<void>) => void (answer = given),
    pass: async (ms: number): Promise<void> => {
      clock.advance(ms);
      for (let i = 0; i < 10; i += 1) await turn();
    },
    told: () => batches.flat().map((entry) => (entry.mode === 'lost' ? 'lost' : dataOf(entry.data))),
  };
}

/** What an event says beside whose it is. */
function dataOf(data: Record<string, Json>): Json {
  const whose = new Set(['taskId', 'key', 'node', 'attempt', 'worker']);
  return Object.fromEntries(Object.entries(data).filter(([name]) => !whose.has(name)));
}

describe('what an attempt tells', () => {
  test('goes out at once, with its attempt and how far its run had come', async () => {
    const { voice, pass, batches } = scene();
    voice().emit({ n: 1 });
    await pass(0);

    expect(batches).toEqual([
      [
        {
          runId: 'r',
          step: 7,
          mode: 'custom',
          type: 'custom',
          at: Date.UTC(2026, 0, 1),
          data: { taskId: 't', key: 't#1', node: 't', attempt: 1, worker: 'w', data: { n: 1 } },
        },
      ],
    ]);
  });

  test('is gathered for a moment after that, and pieces of a text grow together', async () => {
    const { voice, pass, batches, told } = scene();
    const speaker = voice();
    speaker.token('a');
    await pass(0);
    for (const text of ['b', 'c', 'd']) speaker.token(text);
    speaker.emit(1);
    speaker.token('e');
    await pass(0);
    expect(batches).toHaveLength(1);
    await pass(25);

    expect(batches).toHaveLength(2);
    expect(told()).toEqual([{ text: 'a' }, { text: 'bcd' }, { data: 1 }, { text: 'e' }]);
  });

  test('costs nothing where nobody tells anything: the start of a short attempt is never sent', async () => {
    const { voice, pass, batches, told } = scene();
    for (let n = 0; n < 100; n += 1) {
      const short = voice(`t${n}`);
      short.start({ n });
      short.end();
    }
    await pass(1000);
    expect(batches).toEqual([]);

    voice('long').start({ n: 1 });
    await pass(30);
    expect(told()).toEqual([{ input: { n: 1 } }]);
    expect(batches[0]?.[0]).toMatchObject({ mode: 'tasks', type: 'task_started', fleeting: true });
  });

  test('is not told after its end', async () => {
    const { voice, pass, batches } = scene();
    const speaker = voice();
    speaker.end();
    speaker.token('late');
    speaker.progress(1);
    await pass(1000);
    expect(batches).toEqual([]);
  });

  test('has no secrets in it, however its pieces are cut', async () => {
    const { voice, pass, told } = scene();
    const speaker = voice();
    speaker.hide([SECRET]);
    speaker.emit({ key: `Bearer ${SECRET}` });
    speaker.progress(SECRET);
    for (const char of `my key is ${SECRET}, sk-`) speaker.token(char);
    speaker.end();
    await pass(1000);

    const text = told().map((data) => (data as { text?: string }).text ?? '');
    expect(text.join('')).toBe('my key is ***, sk-');
    expect(JSON.stringify(told())).not.toContain('hunter2');
  });

  test('that is too large or no JSON is said to be left out, and fails nothing', async () => {
    const { voice, pass, told, warnings } = scene();
    const speaker = voice();
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    speaker.emit('x'.repeat(70_000));
    speaker.emit(circle);
    speaker.token('y'.repeat(70_000));
    await pass(1000);

    const [large, circular, ...pieces] = told() as { omitted?: { code: string }; text?: string }[];
    expect([large?.omitted?.code, circular?.omitted?.code]).toEqual(['output_too_large', 'output_not_json']);
    expect(pieces.map(({ text = '' }) => text).join('')).toBe('y'.repeat(70_000));
    expect(Math.max(...pieces.map(({ text = '' }) => text.length))).toBeLessThan(64 * 1024);
    expect(warnings).toHaveLength(2);
  });
});

describe('what cannot be delivered', () => {
  test('is told as lost once something can be', async () => {
    const { voice, pass, told, answerBy } = scene();
    const speaker = voice();
    answerBy(() => Promise.reject(new Error('away')));
    speaker.emit(1);
    await pass(0);
    speaker.emit(2);
    await pass(500);
    answerBy(async () => undefined);
    await pass(1000);

    expect(told()).toEqual([{ data: 1 }, 'lost', { data: 2 }]);
  });

  test('because there is too much of it is dropped and told as lost', async () => {
    const { voice, pass, told } = scene();
    const speaker = voice();
    for (let n = 0; n < 5000; n += 1) speaker.emit(n);
    await pass(1000);
    speaker.emit('after');
    await pass(1000);

    const all = told();
    expect(all.length).toBeLessThan(2500);
    expect(all[0]).toEqual({ data: 0 });
    expect(all.slice(-2)).toEqual(['lost', { data: 'after' }]);
  });

  test('holds no attempt up for long', async () => {
    const { voice, pass, answerBy, clock } = scene();
    answerBy(() => new Promise(() => undefined));
    const speaker = voice();
    speaker.emit(1);
    let waited = false;
    const arrived = speaker.arrived().then(() => (waited = true));
    await pass(0);
    expect(waited).toBe(false);
    clock.advance(100);
    await arrived;
    expect(waited).toBe(true);
  });
});
