/** Runs in memory that deal with their mail at once, as simply as a test of the command side needs it. */
import type { Json, JsonObject, WorkflowDocument } from '@weft/contract';
import { createFakeClock } from '@weft/testkit';

import type { Graph } from '../../src/domain/graph/graph.ts';
import { checkInput } from '../../src/domain/graph/input-schema.ts';
import { freshHead, freshTask } from '../../src/domain/run/fresh.ts';
import type { RunHead, TaskDetail, Waits } from '../../src/domain/run/records.ts';
import type { Facts, StepRecord } from '../../src/domain/run/step-record.ts';
import type { Mail, RunReader, RunRecord, RunStore, TaskView } from '../../src/ports/index.ts';
import type { MigrateDeps } from '../../src/runtime/migrations/migrate-run.ts';

export const uuid = (n: number): string => `0198a000-0000-7000-8000-${String(n).padStart(12, '0')}`;

type FakeRun = { record: RunRecord; graph: Graph; tasks: TaskView[]; steps: StepRecord[]; inbox: Mail[] };

type FakeTask = { id: string; node: string; waits: Waits | null; detail: TaskDetail | null; key?: string };

export function fakeRuns() {
  const runs = new Map<string, FakeRun>();
  const keys = new Map<string, { payloadHash: string; runId: string }>();
  const sent: { runId: string; kind: string; payload: JsonObject }[] = [];
  /** Called between the sending of a message and its reading. */
  const hooks: { beforeReading: (runId: string) => void } = { beforeReading: () => undefined };
  const get = (runId: string): FakeRun => runs.get(runId) ?? fail(runId);

  const reader = {
    run: async (_tenant, id) => structuredClone(runs.get(id)?.record ?? null),
    waiting: async (runId, { waits, limit }) =>
      get(runId)
        .tasks.filter((task) => task.status === 'waiting' && task.waits !== null && waits.includes(task.waits))
        .slice(0, limit ?? undefined),
    task: async (_tenant, id) =>
      Array.from(runs.values())
        .flatMap(({ tasks }) => tasks)
        .find((task) => task.id === id) ?? null,
    tasks: async (runId, { after }) => (after ? [] : get(runId).tasks),
    steps: async (runId, { afterStep, limit }) => get(runId).steps.slice(afterStep, afterStep + limit),
    stepOfMail: async (runId, mailId, afterStep) =>
      get(runId).steps.findLast(({ step, facts }) => step > afterStep && facts.mail === mailId) ?? null,
    stepOfAnswer: async (runId, id) => get(runId).steps.findLast(({ facts }) => facts.answer?.id === id) ?? null,
    channels: async () => new Map<string, never>(),
    joins: async () => [],
    questions: async ({ limit, afterId }) =>
      Array.from(runs.values())
        .flatMap(({ tasks }) => tasks)
        .filter(
          ({ id, status, waits }) => status === 'waiting' && waits === 'answer' && (afterId === null || id > afterId),
        )
        .toSorted((a, b) => (a.id < b.id ? -1 : 1))
        .slice(0, limit),
  } as Partial<RunReader> as RunReader;

  const store = {
    async sendMail(runId, mail, key) {
      if (key && keys.has(key.key)) return false;
      if (key) keys.set(key.key, { payloadHash: key.payloadHash, runId });
      get(runId).inbox.push(mail);
      sent.push({ runId, kind: mail.kind, payload: mail.payload });
      return true;
    },
    usedKey: async (_tenant, key) => keys.get(key) ?? null,
  } as Partial<RunStore> as RunStore;

  const deps: MigrateDeps = {
    workflows: { load: async () => null },
    budgets: { raise: async () => undefined },
    reader,
    runs: store,
    clock: createFakeClock(),
    inputs: { check: async (schema, input) => checkInput(schema, input) },
    graphs: {
      load: async ({ name }) =>
        Array.from(runs.values()).find(({ graph }) => graph.ref.name === name)?.graph ?? fail(name),
    },
    start: async () => {
      throw new Error('no run is started here');
    },
    settler: {
      async settle({ runId }) {
        hooks.beforeReading(runId);
        for (const mail of get(runId).inbox.splice(0)) readMail(get(runId), mail);
        return { applied: true, exists: true };
      },
    },
  };

  return {
    deps,
    sent,
    hooks,
    /** Adds a run of the document. */
    add(n: number, document: WorkflowDocument, head: Partial<RunHead> = {}): string {
      const ref = { tenant: 'default', name: `${document.name}-${n}`, version: 1 };
      const graph = {
        ref,
        document,
        state: new Map(Object.entries(document.state ?? {})),
        nodes: new Map(),
        finals: [],
      };
      const record = {
        ...BLANK,
        head: freshHead({ id: uuid(n), workflow: ref, priority: 2, status: 'running', ...head }),
      };
      runs.set(uuid(n), { record, graph: graph as Partial<Graph> as Graph, tasks: [], steps: [], inbox: [] });
      return uuid(n);
    },
    /** A task of the run that waits. */
    wait(runId: string, { id, node, waits, detail, key = `${node}#0` }: FakeTask): TaskView {
      const fresh = freshTask({
        key,
        epoch: 0,
        id,
        node,
        readsAt: 0,
        readyAt: 0,
        lane: null,
        priority: 2,
        status: 'waiting',
        waits,
        detail,
      });
      const task = {
        ...fresh,
        runId,
        offeredAt: null,
        deadline: null,
        usage: BLANK.usage,
        cached: false,
        placed: null,
      };
      get(runId).tasks.push(task);
      return task;
    },
    ask(runId: string, n: number, node: string, at: 'node' | 'before' | 'after' = 'node'): string {
      const detail = { kind: 'question' as const, id: uuid(n), at, message: `${node}?`, expiresAt: null };
      this.wait(runId, { id: uuid(n + 1), node, waits: 'answer', detail });
      return uuid(n);
    },
    /** Somebody answers the question, without any mail. */
    answer(runId: string, id: string): void {
      const task = get(runId).tasks.find(({ detail }) => detail?.kind === 'question' && detail.id === id);
      if (task) task.status = 'succeeded';
      addStep(get(runId), { answer: { id, by: null }, mail: uuid(7) });
    },
    step(runId: string, facts: Omit<Facts, 'v'>): StepRecord {
      return addStep(get(runId), facts);
    },
    end(runId: string, status: 'succeeded' | 'failed' | 'cancelled'): void {
      get(runId).record.head.status = status;
    },
  };
}

function readMail(run: FakeRun, { id: mail, kind, payload }: Mail): void {
  if (kind === 'answer') {
    const { answers, stateUpdates, by } = payload as {
      answers: JsonObject | null;
      stateUpdates: Json;
      by: string | null;
    };
    const questions = run.tasks.flatMap((task) =>
      task.detail?.kind === 'question' && task.status === 'waiting' ? [{ task, ...task.detail }] : [],
    );
    const meant = answers ? Object.keys(answers) : questions.filter(({ at }) => at !== 'node').map(({ id }) => id);
    const open = questions.filter(({ id }) => meant.includes(id));
    if (open.length < meant.length) return;
    if (stateUpdates) addStep(run, { mail, writes: Object.keys(stateUpdates) });
    for (const { id, task } of open) {
      task.status = 'succeeded';
      addStep(run, { mail, answer: { id, by } });
    }
  } else if (kind === 'inject' && payload['afterNode'] !== null) addStep(run, { mail, kept: 1 });
  else if (kind === 'inject') addStep(run, { mail, writes: Object.keys(payload['updates'] as JsonObject) });
  else addStep(run, { mail, signal: payload['name'] as string });
}

function addStep(run: FakeRun, facts: Omit<Facts, 'v'>): StepRecord {
  const step = run.steps.length + 1;
  const none = { node: null, key: null, taskId: null, attempt: null, worker: null };
  const record: StepRecord = {
    step,
    parent: step - 1,
    epoch: 0,
    type: 'signal',
    at: 0,
    facts: { v: 1, ...facts },
    ...none,
  };
  run.steps.push(record);
  run.record.head.step = step;
  return record;
}

const BLANK = {
  input: {},
  config: {},
  tags: [],
  output: null,
  error: null,
  createdAt: 0,
  startedAt: 0,
  endedAt: null,
  usage: { inputTokens: 0, outputTokens: 0, usd: 0 },
  budget: null,
  forkedFrom: null,
  trigger: null,
};

function fail(what: string): never {
  throw new Error(`the test has no ${what}`);
}
