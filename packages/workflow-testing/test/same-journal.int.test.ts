/** The kit is no other engine: what it runs goes step by step as on Postgres, and a recording of either goes as it went. */
import type { Json } from '@weft/contract';
import type { ChannelWrite, StepRecord } from '@weft/engine/domain';
import { listSteps, listTasks, viewRun } from '@weft/engine/runtime';
import { handlerExecutor } from '@weft/executors';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, TestDatabase } from '@weft/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { makeRecording, replayRecording, testWorkflow } from '../src/index.ts';
import type { Recording } from '../src/index.ts';
import { handlers, stories } from './stories.ts';
import type { Steered, Story } from './stories.ts';

const TENANT = 'default';
const SOON = { timeout: 20_000, interval: 5 };

let database: TestDatabase;
let rig: Rig;

beforeAll(async () => {
  database = await createTestDatabase();
  const executors = Object.entries(handlers).map(([name, handler]) => handlerExecutor(name, handler));
  rig = await createRig({
    url: database.url,
    executors: Object.fromEntries(executors.map((executor) => [executor.type, (call) => executor.run(call)])),
    lanes: ['default', ...executors.map(({ type }) => type)],
  });
});

afterAll(async () => {
  await rig?.stop();
  await database?.drop();
});

type Played = { journal: Json; writes: Json; status: string; output: Json; state: Json; recording: Recording | null };

async function onPostgres({ document, children = [], input, config, steer }: Story): Promise<Played> {
  for (const child of children) await rig.engine.saveWorkflow({ tenant: TENANT, document: child });
  const runId = await rig.start(document, { input: input ?? {}, config: config ?? {} });
  await (steer ?? ((run) => run.ended()))(steeredOnPostgres(runId));
  const { reader, workflows } = rig.store;
  const loadGraph = rig.engine.graphs.load.bind(rig.engine.graphs);
  const at = { tenant: TENANT, id: runId };
  const run = await viewRun({ reader, loadGraph }, TENANT, runId);
  const tasks = await listTasks({ reader, loadGraph }, at, { limit: 1000, after: null });
  const steps = await listSteps({ reader }, at, { limit: 1000, afterStep: 0 });
  const stored = await workflows.load({ tenant: TENANT, name: document.name });
  if (!run || !tasks || !steps || !stored) throw new Error('the run is not there');
  return {
    journal: plain(await reader.steps(runId, { afterStep: 0, limit: 1000 })),
    writes: plainWrites(await reader.writes(runId, { fromStep: 0, toStep: 1000 })),
    status: run.status,
    output: run.output,
    state: run.state,
    recording: makeRecording({ run, document: stored.document, tasks: tasks.items, steps: steps.items }),
  };
}

function steeredOnPostgres(runId: string): Steered {
  const { engine, store } = rig;
  const run = { tenant: TENANT, runId };
  const head = async () => (await store.reader.run(TENANT, runId))?.head;
  const waits = async () => store.reader.waiting(runId, { waits: ['answer', 'signal'], limit: null });
  return {
    async stands(status) {
      await vi.waitUntil(async () => (await head())?.status === status && (await waits()).length > 0, SOON);
    },
    async answer(node, value) {
      const task = (await waits()).find((one) => one.node === node);
      const id = task?.detail?.kind === 'question' ? task.detail.id : '';
      await engine.resumeRun({ ...run, answers: { [id]: value }, stateUpdates: null, by: 'ada' });
    },
    resume: () => engine.resumeRun({ ...run, answers: null, stateUpdates: null, by: 'ada' }),
    signal: (name, payload) => engine.signalRun({ ...run, name, payload }),
    inject: async (updates, afterNode) => void (await engine.injectState({ ...run, updates, afterNode })),
    cancel: () => engine.cancelRun({ ...run, reason: 'enough' }),
    retry: () => engine.retryRun(run),
    ended: async () => void (await rig.ended(runId)),
  };
}

async function onTheKit({ document, children = [], input, config, steer }: Story): Promise<Played> {
  const one = await testWorkflow(document, { handlers, workflows: children, input: input ?? {}, config: config ?? {} });
  const go = async () => void (await one.run());
  const steered: Steered = {
    stands: go,
    ended: go,
    answer: (node, value) => one.answer(node, value, { by: 'ada' }),
    resume: () => one.resume({ by: 'ada' }),
    signal: (name, payload) => one.signal(name, payload),
    inject: (updates, afterNode) => one.inject(updates, { afterNode }),
    cancel: () => one.cancel('enough'),
    retry: () => one.retry(),
  };
  await (steer ?? ((run) => run.ended()))(steered);
  const { status, output, state, steps, writes } = await one.result();
  return { journal: plain(steps), writes: plainWrites(writes), status, output, state, recording: null };
}

/** Without what is different in every run: ids, instants, and who ran what. */
function plain(steps: readonly StepRecord[]): Json[] {
  const kept = steps.map(({ at: _at, worker: _worker, ...step }) => step);
  const text = JSON.stringify(kept, (key, value: unknown) => (key === 'dueAt' ? 'later' : value));
  return JSON.parse(text.replaceAll(/[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g, 'id'));
}

function plainWrites(writes: readonly ChannelWrite[]): Json {
  return writes.map(({ channel, step, kind, value }) => ({ channel, step, kind, value }));
}

describe.each(stories.map((story) => ({ name: story.document.name, story })))('the story "$name"', ({ story }) => {
  test('has the same journal, state and output on the kit as on Postgres, and goes again as it was recorded', async () => {
    const { recording, ...real } = await onPostgres(story);
    const { recording: _, ...kit } = await onTheKit(story);

    expect(kit).toEqual(real);
    if (!recording) throw new Error('nothing was recorded');
    const replayed = await replayRecording(JSON.parse(JSON.stringify(recording)));
    expect(replayed.report()).toBe('the replay went as the recorded run did');
    expect(plain(replayed.result.steps).map(nameOf)).toEqual(plain(await stepsOf(recording)).map(nameOf));
  });
});

async function stepsOf({ run }: Recording): Promise<StepRecord[]> {
  return rig.store.reader.steps(run.id, { afterStep: 0, limit: 1000 });
}

function nameOf(step: Json): string {
  const { type, key } = step as { type: string; key: string | null };
  return `${type} ${key}`;
}
