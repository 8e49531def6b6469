/** A whole engine in the test's process, on a real database: what the embedded stack is, without HTTP. */
import type { Json, WorkflowDocument } from '@weft/contract';
import {
  createMemoryBroker,
  createMemoryEventBus,
  createMemoryHousekeeping,
  createMemoryLiveLog,
  createMemoryRateLimiter,
  createMemoryTimers,
  systemClock,
} from '@weft/embedded';
import type {
  ArtifactStore,
  Broker,
  Clock,
  EventBus,
  Executor,
  LiveLog,
  Log,
  RateLimiter,
  RunRecord,
  Secrets,
  TaskView,
  Timers,
} from '@weft/engine/ports';
import { createEngine, createMemoryArtifactStore, createWorker } from '@weft/engine/runtime';
import type { ArtifactLimits, EngineDeps, RunningEngine, SweeperSettings, Worker } from '@weft/engine/runtime';
import { inputChecker } from '@weft/formats';
import { openStore } from '@weft/postgres';
import type { PostgresStore, SecretKeys } from '@weft/postgres';
import { vi } from 'vitest';

export type RigOptions = {
  url: string;
  executors?: Record<string, Executor['run']>;
  slots?: number;
  lanes?: string[];
  /** Faster than in production, so that tests of recovery are quick. */
  sweep?: Partial<SweeperSettings>;
  worker?: boolean;
  secrets?: Secrets;
  /** How long a leader of a cached task that has died is waited for, ms. */
  resultLeaseMs?: number;
  broker?: Broker;
  timers?: Timers;
  bus?: EventBus;
  live?: LiveLog;
  rates?: RateLimiter;
  artifactStore?: ArtifactStore;
  artifactLimits?: Partial<ArtifactLimits>;
  /** What tokens of endpoints are encrypted with. */
  secretKeys?: SecretKeys;
  /** Puts something between the engine and what it works with: faults, counters. */
  decorate?: (deps: EngineDeps) => EngineDeps;
};

export type Rig = {
  engine: RunningEngine;
  store: PostgresStore;
  worker: Worker | null;
  broker: Broker;
  bus: EventBus;
  live: LiveLog;
  /** Starts a run of the document; gives its id. */
  start(document: WorkflowDocument, request?: { input?: Json; config?: Json }): Promise<string>;
  /** Starts a run and waits for its end. */
  run(document: WorkflowDocument, request?: { input?: Json; config?: Json }): Promise<RunRecord>;
  ended(runId: string): Promise<RunRecord>;
  tasks(runId: string): Promise<Record<string, TaskView>>;
  steps(runId: string): Promise<string[]>;
  stop(): Promise<void>;
};

const NO_SECRETS: Secrets = {
  resolve: (input) => ({ kind: 'resolved', input, secrets: [] }),
  redact: (value) => value,
  redactOutcome: (outcome) => outcome,
  redactText: () => null,
};

const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };

const PATIENCE = { timeout: 20_000, interval: 10 };

export async function createRig(options: RigOptions): Promise<Rig> {
  const clock: Clock = systemClock;
  const { url, secretKeys } = options;
  const store = openStore({ url, ...(secretKeys && { secretKeys }), onError: () => undefined });
  // Tests look through connections of their own, so that many who wait do not slow down what they wait for.
  const looking = openStore({ url: options.url, maxConnections: 2, onError: () => undefined });
  const broker = options.broker ?? createMemoryBroker();
  const log = process.env['WEFT_TEST_LOG'] ? console : SILENT;
  const timers = options.timers ?? createMemoryTimers({ clock });
  const bus = options.bus ?? createMemoryEventBus();
  const live = options.live ?? createMemoryLiveLog({ bus, clock });
  const rates = options.rates ?? createMemoryRateLimiter();
  const artifactStore = options.artifactStore ?? createMemoryArtifactStore();
  const housekeeping = createMemoryHousekeeping({ clock });
  const parts = {
    broker,
    bus,
    live,
    rates,
    timers,
    housekeeping,
    artifactStore,
    artifactLimits: options.artifactLimits,
  };
  const bare = { ...store, ...parts, inputs: inputChecker, clock, log };
  const deps = options.decorate?.(bare) ?? bare;
  const sweep = { intervalMs: 100, staleOfferMs: 2000, deadAfterMs: 15_000, ...options.sweep };
  const engine = createEngine(deps, { sweep });
  engine.start();
  const worker = options.worker === false ? null : await startWorker(deps, engine, options);

  async function start(document: WorkflowDocument, { input = {}, config = {} }: { input?: Json; config?: Json } = {}) {
    const { ref } = await engine.saveWorkflow({ tenant: 'default', document });
    const request = { workflow: ref, input, config, priority: null, tags: [], idempotency: null };
    const [result] = await engine.startRuns([request]);
    if (!result || result instanceof Error) throw result ?? new Error('no result');
    return result.runId;
  }

  async function endOf(runId: string): Promise<RunRecord | null> {
    const run = await looking.reader.run('default', runId);
    return run?.endedAt ? run : null;
  }

  async function ended(runId: string): Promise<RunRecord> {
    return vi.waitUntil(() => endOf(runId), PATIENCE);
  }

  return {
    engine,
    store,
    worker,
    broker,
    bus: deps.bus,
    live: deps.live,
    start,
    ended,
    run: async (document, request) => ended(await start(document, request)),
    async tasks(runId) {
      const tasks = await looking.reader.tasks(runId, { limit: 100_000, after: null });
      return Object.fromEntries(tasks.map((task) => [task.key, task]));
    },
    async steps(runId) {
      const steps = await looking.reader.steps(runId, { afterStep: 0, limit: 100_000 });
      return steps.map((step) => (step.node ? `${step.type} ${step.node}` : step.type));
    },
    async stop() {
      await worker?.stop(0);
      await engine.stop();
      await store.close();
      await looking.close();
    },
  };
}

type Deps = Parameters<typeof createEngine>[0];

async function startWorker(deps: Deps, engine: RunningEngine, options: RigOptions): Promise<Worker> {
  const given = Object.entries({ echo: echoRun, ...options.executors });
  const executors = new Map(given.map(([type, run]) => [type, { type, run } satisfies Executor]));
  const worker = createWorker(
    { ...deps, files: engine.files, graphs: engine.graphs, settler: engine.settler },
    {
      id: crypto.randomUUID(),
      name: 'rig',
      version: 'test',
      pid: process.pid,
      host: 'test',
      lanes: options.lanes ?? ['default'],
      slots: options.slots ?? 50,
      executors,
      secrets: options.secrets ?? NO_SECRETS,
      ...(options.resultLeaseMs !== undefined && { resultLeaseMs: options.resultLeaseMs }),
      rssBytes: () => process.memoryUsage.rss(),
    },
  );
  await worker.start();
  return worker;
}

const echoRun: Executor['run'] = async ({ input }) => ({ kind: 'succeeded', output: input });
