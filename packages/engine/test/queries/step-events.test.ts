import type { Event, EventMode, WorkflowDocument } from '@weft/contract';
import { describe, expect, test } from 'vitest';

import { compileGraph } from '../../src/domain/graph/graph.ts';
import { taskId } from '../../src/domain/ids.ts';
import type { Facts, StepRecord, TaskFact } from '../../src/domain/run/journal.ts';
import type { RunHead } from '../../src/domain/run/records.ts';
import type { ChannelWrite } from '../../src/domain/run/records.ts';
import type { RunReader, RunRecord, TaskResult } from '../../src/ports/index.ts';
import { JournalPage } from '../../src/runtime/queries/journal-page.ts';
import type { StepWithWrites } from '../../src/runtime/queries/read-steps.ts';

const RUN = '01900000-0000-7000-8000-000000000001';
const TASK = taskId(RUN, 0, 'a#0');
const workflow = { tenant: 'default', name: 'x', version: 1 };
const graph = compileGraph(workflow, {
  name: 'x',
  state: { sum: { type: 'number', reducer: 'add', default: 0 }, said: { type: 'string' } },
  nodes: { a: { type: 'task', uses: 'echo' }, b: { type: 'task', uses: 'echo', needs: ['a'] } },
} satisfies WorkflowDocument);

function step(number: number, facts: Omit<Facts, 'v'>, parts: Partial<StepRecord> = {}): StepRecord {
  const none = { node: null, key: null, taskId: null, attempt: null, worker: null };
  const record = { step: number, parent: number - 1, epoch: 0, type: 'task_succeeded' as const, at: 0, ...none };
  return { ...record, facts: { v: 1, ...facts }, ...parts };
}

const ofTask = { node: 'a', key: 'a#0', taskId: TASK, attempt: 1, worker: 'w' };
const write = (at: number, channel: string, value: number | string): ChannelWrite => {
  return { channel, step: at, kind: channel === 'sum' ? 'delta' : 'base', value };
};

/** A run of two tasks: started, a done, a state injected, b done and with it the run. */
const STORY: StepWithWrites[] = [
  {
    record: step(1, { run: { status: 'running' }, tasks: [{ key: 'a#0', status: 'ready', attempt: 1 }] }),
    writes: [],
  },
  {
    record: step(
      2,
      {
        tasks: [
          { key: 'a#0', status: 'succeeded', attempt: 1 },
          { key: 'b#0', status: 'ready', attempt: 1 },
        ],
      },
      ofTask,
    ),
    writes: [write(2, 'sum', 2)],
  },
  { record: step(3, {}, { type: 'state_injected' }), writes: [] },
  {
    record: step(4, { run: { status: 'succeeded' } }, { type: 'run_ended' }),
    writes: [write(4, 'sum', 3), write(4, 'said', 'done')],
  },
];

function reader(results: TaskResult[], channels: Record<string, number> = {}): RunReader {
  return {
    run: async () => ({ head: { workflow } as RunHead }) as RunRecord,
    results: async () => results,
    branches: async () => [],
    facts: async () => [{ step: 1, facts: { v: 1, run: { status: 'interrupted' } } }],
    channelsAlong: async () =>
      new Map(
        Object.entries(channels).map(([name, base]) => [
          name,
          { base, deltas: [], lastStep: 1, deltaBytes: 0, baseBytes: 1 },
        ]),
      ),
  } as Partial<RunReader> as RunReader;
}

async function tell(
  mode: EventMode,
  steps: StepWithWrites[] = STORY,
  { results = [], channels = {}, afterStep = 0 }: Parameters<typeof options>[0] = {},
): Promise<Event[]> {
  const page = new JournalPage(
    { reader: reader(results, channels), loadGraph: async () => graph, tenant: 'default', runId: RUN },
    { afterStep, steps, more: false },
  );
  const { told } = await page.tell(new Set([mode]), null);
  return told.flatMap(({ events }) => events);
}

function options(given: { results?: TaskResult[]; channels?: Record<string, number>; afterStep?: number }) {
  return given;
}

const data = (events: Event[]) => events.map((event) => [event.step, event.data]);

describe('each mode of a stream', () => {
  test('C5: values is the state after each step, the first one before anything was done', async () => {
    expect(data(await tell('values'))).toEqual([
      [1, { sum: 0, said: null }],
      [2, { sum: 2, said: null }],
      [3, { sum: 2, said: null }],
      [4, { sum: 5, said: 'done' }],
    ]);
  });

  test('C5: updates is what each step wrote, and by which node', async () => {
    expect(data(await tell('updates'))).toEqual([
      [2, { node: 'a', updates: { sum: 2 } }],
      [4, { node: null, updates: { sum: 3, said: 'done' } }],
    ]);
  });

  test('C5: tasks is what became ready, what made it so, and what came of others', async () => {
    const events = await tell('tasks', STORY, { results: [{ key: 'a#0', settledStep: 2, output: { n: 1 } }] });

    expect(events.map((event) => event.step)).toEqual([1, 2, 4]);
    expect(events[0]?.data).toMatchObject({
      run: { status: 'running' },
      starts: [{ taskId: TASK, key: 'a#0', node: 'a', attempt: 1, triggers: ['__start__'] }],
    });
    expect(events[1]?.data).toMatchObject({
      taskId: TASK,
      node: 'a',
      starts: [{ key: 'b#0', node: 'b', triggers: ['a'] }],
      ends: [{ taskId: TASK, key: 'a#0', node: 'a', attempt: 1, result: { n: 1 } }],
    });
  });

  test('a result that is too large is said to be left out', async () => {
    const [, ended] = await tell('tasks', STORY, { results: [{ key: 'a#0', settledStep: 2 }] });
    expect(ended?.data).toMatchObject({ ends: [{ node: 'a', resultOmitted: true }] });
  });

  test('C5: checkpoints is a summary of every step', async () => {
    expect(await tell('checkpoints')).toMatchObject([
      { step: 1, data: { id: `${RUN}@1`, status: 'running' } },
      { step: 2, data: { id: `${RUN}@2`, status: 'running', node: 'a' } },
      { step: 3, data: { id: `${RUN}@3`, status: 'running', type: 'state_injected' } },
      { step: 4, data: { id: `${RUN}@4`, status: 'succeeded' } },
    ]);
  });

  test('C5: debug is the checkpoint and the tasks of every step, with all that it says', async () => {
    const events = await tell('debug', STORY, { results: [{ key: 'a#0', settledStep: 2, output: 7 }] });

    expect(events).toHaveLength(4);
    expect(events[1]?.data).toMatchObject({
      step: 2,
      facts: { v: 1 },
      updates: { sum: 2 },
      checkpoint: { id: `${RUN}@2`, status: 'running' },
      starts: [{ node: 'b' }],
      ends: [{ node: 'a', result: 7 }],
    });
  });

  test.each<[string, StepRecord['type'], TaskFact]>([
    ['fails for good', 'task_failed', { key: 'a#0', status: 'failed', attempt: 1 }],
    ['is tried again', 'task_retried', { key: 'a#0', status: 'waiting', attempt: 2, dueAt: 5 }],
    ['is handed out anew', 'task_retried', { key: 'a#0', status: 'ready', attempt: 2 }],
  ])('C5: the step of a task that %s voids its attempt, in every mode that tells of it', async (_, type, fact) => {
    const steps = [{ record: step(2, { tasks: [fact] }, { ...ofTask, type }), writes: [] }];
    for (const mode of ['tasks', 'debug', 'custom', 'messages'] as const) {
      const events = await tell(mode, steps);
      expect(events).toMatchObject([{ step: 2, type, data: { voids: { taskId: TASK, attempt: 1 } } }]);
      expect(events[0]?.n).toBeUndefined();
    }
  });

  test('a task that succeeds or waits for an answer voids nothing', async () => {
    const facts: TaskFact[] = [
      { key: 'a#0', status: 'succeeded', attempt: 1 },
      { key: 'a#0', status: 'waiting', attempt: 1, waits: 'answer' },
    ];
    const steps = facts.map((fact, index) => ({ record: step(index + 1, { tasks: [fact] }, ofTask), writes: [] }));
    expect(await tell('messages', steps)).toEqual([]);
  });

  test('what follows a step further back goes on from its state and status', async () => {
    const replayed = { record: step(9, {}, { parent: 1, type: 'replayed' as never }), writes: [write(9, 'sum', 1)] };
    const [values] = await tell('values', [replayed], { channels: { sum: 40 }, afterStep: 8 });
    const [checkpoint] = await tell('checkpoints', [replayed], { afterStep: 8 });

    expect(values?.data).toEqual({ sum: 41, said: null });
    expect(checkpoint?.data).toMatchObject({ parent: 1, status: 'interrupted' });
  });
});
