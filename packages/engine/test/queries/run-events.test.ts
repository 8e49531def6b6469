import { setImmediate as turn } from 'node:timers/promises';

import type { WorkflowDocument } from '@weft/contract';
import { createFakeClock } from '@weft/testkit';
import { describe, expect, test } from 'vitest';

import { compileGraph } from '../../src/domain/graph/graph.ts';
import type { StepRecord } from '../../src/domain/run/journal.ts';
import type { RunHead, RunStatus } from '../../src/domain/run/records.ts';
import type { EventBus, RunNotice, RunReader, RunRecord } from '../../src/ports/index.ts';
import { runEvents } from '../../src/runtime/queries/run-events.ts';
import type { StreamItem } from '../../src/runtime/queries/run-events.ts';

const RUN = '01900000-0000-7000-8000-000000000001';
const workflow = { tenant: 'default', name: 'x', version: 1 };
const graph = compileGraph(workflow, {
  name: 'x',
  nodes: { a: { type: 'task', uses: 'echo' } },
} satisfies WorkflowDocument);

/** A run whose journal grows as the test says; the bus tells only what the test tells it to. */
function scene() {
  const steps: StepRecord[] = [];
  let status: RunStatus = 'running';
  let listener: ((notice: RunNotice) => void) | null = null;
  const bus: EventBus = {
    publish: () => undefined,
    subscribe: (_runId, given) => {
      listener = given;
      return () => (listener = null);
    },
  };
  const reader = {
    run: async () => ({ head: { id: RUN, workflow, status, step: steps.length } as RunHead }) as RunRecord,
    steps: async (_runId, { afterStep, limit }) => steps.slice(afterStep, afterStep + limit),
    writes: async () => [],
  } as Partial<RunReader> as RunReader;
  const clock = createFakeClock();
  const stop = new AbortController();
  const seen: string[] = [];
  const stream = runEvents(
    { reader, bus, clock, loadGraph: async () => graph },
    { tenant: 'default', runId: RUN, afterStep: 0, modes: new Set(['debug', 'tasks']), signal: stop.signal },
  );
  const done = read(stream, seen);
  return {
    clock,
    seen,
    stop,
    done,
    listening: () => listener !== null,
    tell: (notice: RunNotice) => listener?.(notice),
    add: (type: StepRecord['type'], ended?: RunStatus): void => {
      const step = steps.length + 1;
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
    else if (item.kind === 'gap') seen.push('gap');
    else
      for (const { step, n, mode, type } of item.events)
        seen.push(`${step}${n === undefined ? '' : `.${n}`} ${mode} ${type}`);
  }
}

/** Lets everything go on that can go on without time. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await turn();
}

describe('the stream of a run', () => {
  test('tells what is there, then what comes, and ends with the run', async () => {
    const { add, tell, seen, done, listening } = scene();
    add('run_started');
    await settle();
    expect(seen).toEqual(['1 debug run_started']);

    add('task_succeeded');
    tell({ kind: 'step', runId: RUN, step: 2, ended: false });
    await settle();
    add('run_ended', 'succeeded');
    tell({ kind: 'step', runId: RUN, step: 3, ended: true });
    await done;

    expect(seen).toEqual([
      '1 debug run_started',
      '2 debug task_succeeded',
      '3 tasks run_ended',
      '3 debug run_ended',
      'end succeeded',
    ]);
    expect(listening()).toBe(false);
  });

  test('finds by itself what the bus has lost', async () => {
    const { add, seen, done, clock } = scene();
    add('run_started');
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
    const { add, tell, seen, done } = scene();
    add('run_started');
    await settle();
    add('task_succeeded');
    add('run_ended', 'succeeded');
    tell({ kind: 'gap', runId: RUN });
    await done;

    expect(seen.at(-1)).toBe('end succeeded');
    expect(seen.filter((text) => text.includes('debug'))).toHaveLength(3);
  });

  test('numbers what stands between two steps, anew after each', async () => {
    const { add, tell, seen, stop, done } = scene();
    const started = { kind: 'live', runId: RUN, type: 'task_started', data: {} } as const;
    add('run_started');
    await settle();
    tell(started);
    tell(started);
    await settle();
    add('task_succeeded');
    tell({ kind: 'step', runId: RUN, step: 2, ended: false });
    await settle();
    tell(started);
    await settle();
    stop.abort();
    await done;

    expect(seen).toEqual([
      '1 debug run_started',
      '1.1 tasks task_started',
      '1.2 tasks task_started',
      '2 debug task_succeeded',
      '2.1 tasks task_started',
    ]);
  });

  test('drops the oldest live notices of a reader that is behind', async () => {
    const { add, tell, seen, stop, done } = scene();
    add('run_started');
    await settle();
    for (let i = 0; i < 1000; i += 1) tell({ kind: 'live', runId: RUN, type: 'task_progress', data: { i } });
    await settle();
    stop.abort();
    await done;
    expect(seen.length).toBeLessThan(300);
    expect(seen.filter((text) => text === 'gap')).toHaveLength(1);
  });

  test('goes on through a journal longer than one read', async () => {
    const { add, seen, done } = scene();
    add('run_started');
    for (let i = 0; i < 250; i += 1) add('task_succeeded');
    add('run_ended', 'succeeded');
    await done;
    expect(seen.filter((text) => text.includes('debug'))).toHaveLength(252);
    expect(seen.at(-1)).toBe('end succeeded');
  });

  test('stops listening when its consumer leaves', async () => {
    const { add, stop, done, listening } = scene();
    add('run_started');
    await settle();
    expect(listening()).toBe(true);
    stop.abort();
    await done;
    expect(listening()).toBe(false);
  });
});
