import { setImmediate as turn } from 'node:timers/promises';

import type { EventMode, WorkflowDocument } from '@weft/contract';
import { createMemoryEventBus, createMemoryLiveLog } from '@weft/embedded';
import { createFakeClock } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { compileGraph } from '../../src/domain/graph/graph.ts';
import { makeUuidV7 } from '../../src/domain/ids.ts';
import { parsePlace, placeText } from '../../src/domain/place.ts';
import type { StepRecord } from '../../src/domain/run/journal.ts';
import type { RunHead, RunStatus } from '../../src/domain/run/records.ts';
import type { LiveEvent, LiveLimits, LiveLog, RunReader, RunRecord } from '../../src/ports/index.ts';
import { createRunStreams } from '../../src/runtime/queries/run-events.ts';
import type { StreamItem } from '../../src/runtime/queries/run-stream.ts';

const workflow = { tenant: 'default', name: 'x', version: 1 };
const graph = compileGraph(workflow, {
  name: 'x',
  nodes: { a: { type: 'task', uses: 'echo' } },
} satisfies WorkflowDocument);

type Listening = { seen: string[]; stop: AbortController; done: Promise<void> };

/** A run whose journal and live log grow as the test says; the bus tells of steps only what the test tells it to. */
function scene({ first = 1, limits = {} }: { first?: number; limits?: Partial<LiveLimits> } = {}) {
  const clock = createFakeClock();
  const runId = makeUuidV7(clock.now(), new Uint8Array(10));
  const steps: StepRecord[] = [];
  let status: RunStatus = 'running';
  const bus = createMemoryEventBus();
  const openLog = (): LiveLog => createMemoryLiveLog({ bus, clock, limits });
  let log = openLog();
  let reads = 0;
  const reader = {
    run: async () => {
      const head = { id: runId, workflow, status, step: steps.at(-1)?.step ?? first - 1 } as RunHead;
      return { head } as RunRecord;
    },
    steps: async (_runId, { afterStep, limit }) => {
      reads += 1;
      return steps.filter(({ step }) => step > afterStep).slice(0, limit);
    },
    writes: async () => [],
    results: async () => [],
    branches: async () => [],
    facts: async () => [],
  } as Partial<RunReader> as RunReader;
  const live: LiveLog = { append: (entries) => log.append(entries), read: (request) => log.read(request) };
  const streams = createRunStreams({ reader, bus, clock, live, loadGraph: async () => graph });

  function listen(modes: EventMode[] = ['debug', 'tasks'], after = '0'): Listening {
    const stop = new AbortController();
    const seen: string[] = [];
    const request = { tenant: 'default', runId, after: parsePlace(after), modes: new Set(modes), signal: stop.signal };
    return { seen, stop, done: read(streams(request), seen) };
  }

  return {
    clock,
    listen,
    reads: () => reads,
    forget: () => void (log = openLog()),
    tell: (ended = false) => bus.publish([{ kind: 'step', runId, step: steps.length, ended }]),
    gap: () => bus.publish([{ kind: 'gap', runId }]),
    say: async (text: string, step = 0): Promise<void> => {
      const event: LiveEvent = { runId, step, mode: 'messages', type: text, at: 0, data: {} };
      await log.append([event]);
    },
    started: (): Promise<void> => {
      const event: LiveEvent = { runId, step: 0, mode: 'tasks', type: 'task_started', at: 0, data: {}, fleeting: true };
      return log.append([event]);
    },
    add: (type: StepRecord['type'], ended?: RunStatus): void => {
      const step = first + steps.length;
      const facts = ended ? { v: 1 as const, run: { status: ended } } : { v: 1 as const };
      const none = { node: null, key: null, taskId: null, attempt: null, worker: null };
      steps.push({ step, parent: step - 1, epoch: 0, type, at: 0, facts, ...none });
      status = ended ?? status;
    },
  };
}

async function read(stream: AsyncGenerator<StreamItem, void>, seen: string[]): Promise<void> {
  for await (const item of stream) {
    if (item.kind === 'end') seen.push(`end ${item.status}`);
    else if (item.kind === 'gap') seen.push(`gap after ${placeText(item.after)}`);
    else for (const { step, n = 0, mode, type } of item.events) seen.push(`${placeText({ step, n })} ${mode} ${type}`);
  }
}

/** Lets everything go on that can go on without time. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i += 1) await turn();
}

describe('the stream of a run', () => {
  test('tells what is there, then what comes, and ends with the run', async () => {
    const { add, tell, listen } = scene();
    add('run_started');
    const { seen, done } = listen();
    await settle();
    expect(seen).toEqual(['1 debug run_started']);

    add('task_succeeded');
    tell();
    await settle();
    add('run_ended', 'succeeded');
    tell(true);
    await done;

    expect(seen).toEqual([
      '1 debug run_started',
      '2 debug task_succeeded',
      '3 tasks run_ended',
      '3 debug run_ended',
      'end succeeded',
    ]);
  });

  test('finds by itself what the bus has lost', async () => {
    const { add, clock, listen } = scene();
    add('run_started');
    const { seen, done } = listen();
    await settle();
    add('task_succeeded');
    add('run_ended', 'failed');
    await settle();
    expect(seen).toEqual(['1 debug run_started']);

    clock.advance(2_000);
    await done;
    expect(seen.at(-1)).toBe('end failed');
    expect(seen.filter((text) => text.includes('debug'))).toHaveLength(3);
  });

  test('reads at once when the bus may have missed something', async () => {
    const { add, gap, listen } = scene();
    add('run_started');
    const { seen, done } = listen();
    await settle();
    add('task_succeeded');
    add('run_ended', 'succeeded');
    gap();
    await done;

    expect(seen.at(-1)).toBe('end succeeded');
    expect(seen.filter((text) => text.includes('debug'))).toHaveLength(3);
  });

  test('goes on through a journal longer than one read', async () => {
    const { add, listen } = scene();
    add('run_started');
    for (let i = 0; i < 250; i += 1) add('task_succeeded');
    add('run_ended', 'succeeded');
    const { seen, done } = listen();
    await done;
    expect(seen.filter((text) => text.includes('debug'))).toHaveLength(252);
    expect(seen.at(-1)).toBe('end succeeded');
  });

  test('does not take for granted that steps begin at 1', async () => {
    const { add, say, listen } = scene({ first: 41 });
    add('run_started');
    await say('a', 41);
    add('run_ended', 'succeeded');
    const { seen, done } = listen(['messages', 'checkpoints']);
    await done;
    expect(seen).toEqual([
      '41 checkpoints run_started',
      '41.1 messages a',
      '42 checkpoints run_ended',
      'end succeeded',
    ]);
  });
});

describe('live events', () => {
  test('C5: stand between the steps, at the same place for everyone', async () => {
    const { add, tell, say, started, listen } = scene();
    add('run_started');
    const early = listen(['messages', 'debug', 'tasks']);
    await settle();
    await say('a');
    await started();
    await settle();
    add('task_succeeded');
    tell();
    await settle();
    await say('b');
    add('run_ended', 'succeeded');
    tell(true);
    await early.done;
    const late = listen(['messages', 'debug', 'tasks']);
    await late.done;

    expect(early.seen).toEqual([
      '1 debug run_started',
      '1.1 messages a',
      '1.2 tasks task_started',
      '2 debug task_succeeded',
      '2.1 messages b',
      '3 tasks run_ended',
      '3 debug run_ended',
      'end succeeded',
    ]);
    expect(late.seen).toEqual(early.seen);
  });

  test('C5: wherever a listener goes on, it gets the rest of the same', async () => {
    const { add, say, listen } = scene();
    add('run_started');
    await say('a', 1);
    await say('b', 1);
    add('task_succeeded');
    await say('c', 2);
    add('run_ended', 'succeeded');
    const modes: EventMode[] = ['messages', 'checkpoints'];
    const whole = listen(modes);
    await whole.done;
    const places = whole.seen.map((text) => text.split(' ')[0] ?? '').slice(0, -1);
    expect(places).toEqual(['1', '1.1', '1.2', '2', '2.1', '3']);

    for (const [index, place] of places.entries()) {
      const rest = listen(modes, place);
      await rest.done;
      expect(rest.seen).toEqual(whole.seen.slice(index + 1));
    }
  });

  test('C5: which are not held any more are told as a gap, and no step is missing', async () => {
    const { add, say, listen } = scene({ limits: { runEvents: 3 } });
    add('run_started');
    for (let n = 0; n < 6; n += 1) await say(`m${n}`, 1);
    add('run_ended', 'succeeded');
    const late = listen(['messages', 'checkpoints'], '1.2');
    await late.done;

    expect(late.seen).toEqual([
      'gap after 1.2',
      '1.4 messages m3',
      '1.5 messages m4',
      '1.6 messages m5',
      '2 checkpoints run_ended',
      'end succeeded',
    ]);
  });

  test('C5: that were forgotten while somebody listened are told as a gap', async () => {
    const { add, tell, say, forget, listen, clock } = scene();
    add('run_started');
    const { seen, done } = listen(['messages', 'checkpoints']);
    await settle();
    await say('a');
    await settle();
    clock.advance(50);
    forget();
    await say('b', 1);
    await settle();
    add('run_ended', 'succeeded');
    tell(true);
    await done;

    expect(seen.slice(0, 3)).toEqual(['1 checkpoints run_started', '1.1 messages a', 'gap after 1.1']);
    expect(seen.slice(4)).toEqual(['2 checkpoints run_ended', 'end succeeded']);
    expect(seen[3]).toMatch(/^1\.\d+ messages b$/);
  });

  test('are left out for who asks for steps only', async () => {
    const { add, say, listen } = scene({ limits: { runEvents: 1 } });
    add('run_started');
    for (const text of ['a', 'b']) await say(text);
    add('run_ended', 'succeeded');
    const { seen, done } = listen(['checkpoints']);
    await done;
    expect(seen).toEqual(['1 checkpoints run_started', '2 checkpoints run_ended', 'end succeeded']);
  });

  test('more than one read holds are all told, in order', async () => {
    const { add, say, listen } = scene();
    add('run_started');
    for (let n = 0; n < 700; n += 1) await say(`m${n}`, 1);
    add('run_ended', 'succeeded');
    const { seen, done } = listen(['messages']);
    await done;
    expect(seen).toEqual([...Array.from({ length: 700 }, (_, n) => `1.${n + 1} messages m${n}`), 'end succeeded']);
  });
});

describe('many who watch a run', () => {
  test('share what is read of it', async () => {
    const { add, tell, reads, listen } = scene();
    add('run_started');
    const all = Array.from({ length: 200 }, () => listen());
    await settle();
    const before = reads();
    add('task_succeeded');
    tell();
    await settle();
    const perStep = reads() - before;
    add('run_ended', 'succeeded');
    tell(true);
    await Promise.all(all.map(({ done }) => done));

    expect(perStep).toBeLessThan(5);
    for (const { seen } of all) expect(seen).toEqual(all[0]?.seen);
    expect(all[0]?.seen.at(-1)).toBe('end succeeded');
  });

  test('and leave, let it go', async () => {
    const { add, listen, clock, reads } = scene();
    add('run_started');
    const all = [listen(), listen()];
    await settle();
    for (const { stop } of all) stop.abort();
    await Promise.all(all.map(({ done }) => done));
    const before = reads();
    clock.advance(10_000);
    await settle();
    expect(reads()).toBe(before);
  });
});
