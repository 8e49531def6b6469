/** A random program: workflows, runs of them, and what is done to these runs from outside. */
import { AppError } from '@weft/contract';
import type { Json, WorkflowDocument } from '@weft/contract';
import { LIVE_TASK } from '@weft/engine/domain';
import type { WorkflowRef } from '@weft/engine/domain';
import type { StartResult } from '@weft/engine/runtime';
import * as fc from 'fast-check';

import { arbitraryGraph } from '../../packages/engine/test/run/arbitrary-graph.ts';
import type { Client } from './client.ts';
import type { SimMesh } from './mesh.ts';
import type { World } from './world.ts';

const TENANT = 'default';
/** Sessions begin within this time. */
const SPREAD_MS = 5000;
const BETWEEN_MS = 1500;

const INPUT = {
  yes: true,
  no: false,
  text: 'now',
  route: 'a',
  other: 'zzz',
  none: [],
  one: [1],
  few: [1, 2, 3],
  rows: [[1, 2], [3], []],
  many: Array.from({ length: 12 }, (_, index) => index),
};

/** What the random workflows start as a child. */
const CHILD: WorkflowDocument = {
  name: 'child',
  nodes: { first: { type: 'task', uses: 'echo' }, second: { type: 'task', uses: 'echo', needs: ['first'] } },
} as unknown as WorkflowDocument;

/** A chain as plain as most are: it takes the way that remembers. */
const CHAIN: WorkflowDocument = {
  name: 'chain',
  state: { total: { type: 'number', reducer: 'add', default: 0 } },
  nodes: Object.fromEntries(
    Array.from({ length: 5 }, (_, i) => [
      `c${i}`,
      { type: 'task', uses: 'echo', ...(i > 0 && { needs: [`c${i - 1}`] }) },
    ]),
  ),
} as unknown as WorkflowDocument;

type Steer = 'cancel' | 'retry' | 'signal' | 'answer' | 'inject' | 'replay' | 'fork' | 'rerun';
const STEERS: Steer[] = [
  'cancel',
  'retry',
  'signal',
  'signal',
  'answer',
  'answer',
  'answer',
  'inject',
  'replay',
  'fork',
  'rerun',
];

export type Acked = { key: string; runId: string; what: string };

export class Workload {
  /** Runs that were answered for with 201, by the key that they were asked for with. */
  readonly acked: Acked[] = [];
  /** Runs whose cancelling was answered for. */
  readonly cancelled = new Set<string>();
  /** Keys that runs were asked for with. */
  readonly startKeys = new Set<string>();
  /** What signals brought that were sent under a key. */
  readonly signals = new Set<string>();
  readonly #world: World;
  readonly #mesh: SimMesh;
  readonly #client: Client;
  #workflows: WorkflowRef[] = [];
  #requests = 0;

  constructor(world: World, mesh: SimMesh, client: Client) {
    this.#world = world;
    this.#mesh = mesh;
    this.#client = client;
  }

  /** Everything that is done from outside; returns when all of it was answered. */
  async run(): Promise<void> {
    await this.#save();
    const { random } = this.#world;
    const sessions = Array.from({ length: 2 + random.below(5) }, () => this.#session());
    await Promise.all(sessions);
  }

  /** Ends what has not ended by itself. */
  async end(): Promise<void> {
    for (const [runId, run] of this.#mesh.services.stores.runs) {
      if (run.hasEnded || run.rows.head.parent) continue;
      await this.#cancel(runId);
    }
  }

  async #save(): Promise<void> {
    const { random } = this.#world;
    const count = 1 + random.below(2);
    const drawn = fc.sample(arbitraryGraph, { numRuns: count, seed: random.below(2 ** 31) });
    const own = drawn.map((document, i) => ({ ...document, name: `random${i}` }) as unknown as WorkflowDocument);
    for (const document of [CHILD, CHAIN, ...own]) {
      const saved = await this.#client.insist(`saves ${document.name}`, (engine) =>
        engine.saveWorkflow({ tenant: TENANT, document }),
      );
      if (!(saved instanceof AppError) && document !== CHILD) this.#workflows.push(saved.ref);
    }
  }

  async #session(): Promise<void> {
    const { random } = this.#world;
    await this.#client.pause(random.below(SPREAD_MS));
    const workflow = random.pick(this.#workflows);
    const runId = await this.#start('start', (engine, idempotency) => {
      const request = { workflow, input: INPUT, config: {}, priority: null, tags: [], idempotency };
      return engine.startRuns([request]).then(([result]) => result);
    });
    for (let left = random.below(4); left > 0 && runId !== null; left--) {
      await this.#client.pause(random.below(BETWEEN_MS));
      await this.#steer(runId, random.pick(STEERS));
    }
  }

  async #steer(runId: string, what: Steer): Promise<void> {
    const { random } = this.#world;
    const client = this.#client;
    const request = { tenant: TENANT, runId, idempotency: random.chance(0.7) ? this.#idempotency(what) : null };
    const nothing = { stateOverrides: null, stateUpdates: null };
    switch (what) {
      case 'cancel':
        return this.#cancel(runId);
      case 'retry':
        return void (await client.insist(`retries ${runId}`, (engine) => engine.retryRun(request)));
      case 'signal': {
        const name = random.pick(['go', 'stop']);
        const payload = `signal ${this.#requests++}`;
        if (request.idempotency) this.signals.add(payload);
        return void (await client.insist(`signals ${runId}`, (engine) =>
          engine.signalRun({ ...request, name, payload }),
        ));
      }
      case 'answer':
        return this.#answer(request);
      case 'inject': {
        const updates = { total: 1, log: 'injected', last: this.#requests++ };
        return void (await client.insist(`injects ${runId}`, (engine) =>
          engine.injectState({ ...request, updates, afterNode: null }),
        ));
      }
      case 'replay': {
        const step = 1 + random.below(this.#stepsOf(runId));
        return void (await client.insist(`replays ${runId}`, (engine) =>
          engine.replayRun({ ...request, ...nothing, step }),
        ));
      }
      case 'fork': {
        const step = 1 + random.below(this.#stepsOf(runId));
        const fork = { tenant: TENANT, runId, ...nothing, step, workflow: null, edited: [], tags: null };
        return void (await this.#start('fork', (engine, idempotency) => engine.forkRun({ ...fork, idempotency })));
      }
      case 'rerun': {
        const rerun = { tenant: TENANT, runId, workflow: null, input: null, config: null, tags: null };
        return void (await this.#start('rerun', (engine, idempotency) => engine.rerunRun({ ...rerun, idempotency })));
      }
      default:
        return what satisfies never;
    }
  }

  async #answer(request: { tenant: string; runId: string; idempotency: Key | null }): Promise<void> {
    const rows = this.#mesh.services.stores.runs.get(request.runId)?.rows;
    const open = (rows?.newestTasks() ?? []).flatMap(({ status, detail }) =>
      LIVE_TASK.has(status) && detail?.kind === 'question' ? [detail.id] : [],
    );
    if (open.length === 0) return;
    const answers: Record<string, Json> = { [this.#world.random.pick(open)]: 'a' };
    await this.#client.insist(`answers ${request.runId}`, (engine) =>
      engine.resumeRun({
        ...request,
        answers: this.#world.random.chance(0.8) ? answers : null,
        stateUpdates: null,
        by: null,
      }),
    );
  }

  async #cancel(runId: string): Promise<void> {
    const request = { tenant: TENANT, runId, idempotency: this.#idempotency('cancel'), reason: 'why not' };
    const answer = await this.#client.insist(`cancels ${runId}`, (engine) => engine.cancelRun(request));
    if (!(answer instanceof AppError)) this.cancelled.add(runId);
  }

  /** Asks under one key until it is answered for. */
  async #start(
    what: string,
    ask: (
      engine: Parameters<Parameters<Client['once']>[1]>[0],
      key: Key,
    ) => Promise<StartResult | AppError | undefined>,
  ): Promise<string | null> {
    const key = this.#idempotency(what);
    this.startKeys.add(key.key);
    const answer = await this.#client.insist(`${what} ${key.key}`, async (engine) => {
      const before = await engine.startedBefore({ tenant: TENANT, idempotency: key });
      return before ?? ask(engine, key);
    });
    if (!answer || answer instanceof AppError) return null;
    this.acked.push({ key: key.key, runId: answer.runId, what });
    return answer.runId;
  }

  #idempotency(what: string): Key {
    const key = `${what} ${this.#requests++}`;
    return { key, payloadHash: key };
  }

  #stepsOf(runId: string): number {
    return this.#mesh.services.stores.runs.get(runId)?.rows.head.step ?? 1;
  }
}

type Key = { key: string; payloadHash: string };
