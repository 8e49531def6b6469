/**
 * The engine on runs in memory: the decisions, use cases and checks are the engine's own; what they are carried out on is not
 * a database. One thing happens after the other, so the same test always goes the same way.
 */
import { AppError } from '@weft/contract';
import type { Json, JsonObject, WorkflowDocument } from '@weft/contract';
import { contentHash, forkRun, freshHead, makeUuidV7, priorityLevel, startRun, checkInput } from '@weft/engine/domain';
import type { Decision, Graph, RunEvent, TaskRecord, TimerRecord, WorkflowRef } from '@weft/engine/domain';
import type { InputChecker, Log, Mail, SettledRun } from '@weft/engine/ports';
import { createGraphCache, createSteering, decideRun, loadIfThere, planOf, startChild } from '@weft/engine/runtime';
import type { GraphCache, RunToStart, StartResult, Steering } from '@weft/engine/runtime';

import { MemoryStores } from './memory-stores.ts';
import type { StoredRun } from './stored-run.ts';
import type { VirtualClock } from './virtual-clock.ts';

export const TENANT = 'test';

/** A task that waits for a worker. */
export type ReadyTask = { runId: string; task: TaskRecord };

export type DueTimer = TimerRecord & { runId: string };

/** What asks for a child run, for whoever gives its result without starting it. */
export type ChildRequest = {
  runId: string;
  workflow: { name: string; version: number | null };
  input: Json;
  parent: { runId: string; key: string; epoch: number };
};

export type MeshOptions = {
  clock: VirtualClock;
  /** Called instead of starting a child; says whether it takes the child's place. */
  standIn: (request: ChildRequest) => boolean;
};

/** A bound on what may follow from one event; beyond it something goes round in a circle. */
const MAX_TRANSACTIONS = 1_000_000;
const SILENT: Log = { debug() {}, info() {}, warn() {}, error() {} };
const OFFER_ALL = { mayOffer: () => true, end() {} };
/** The schemas are those of who runs the test: nothing needs to be bounded. */
const inputs: InputChecker = { check: async (schema, input) => (schema ? checkInput(schema, input) : []) };

/** Nothing is bounded here. */
const NO_BUDGETS = { raise: async () => undefined };

export class Mesh {
  readonly clock: VirtualClock;
  stores: MemoryStores;
  graphs: GraphCache;
  steering: Steering;
  readonly #standIn: MeshOptions['standIn'];
  #ready: ReadyTask[] = [];
  /** Runs that have mail, or are asked for by it. */
  #unread: { runId: string; isStart: boolean }[] = [];

  constructor({ clock, standIn }: MeshOptions) {
    this.clock = clock;
    this.#standIn = standIn;
    this.stores = new MemoryStores(clock);
    this.graphs = createGraphCache(this.stores.workflows);
    this.steering = this.#steer();
  }

  async save(document: WorkflowDocument): Promise<WorkflowRef> {
    const { workflows } = this.stores;
    return (await workflows.save({ tenant: TENANT, document, hash: contentHash(document as Json) })).ref;
  }

  /** Starts a run. Throws AppError `invalid_input`. */
  async start(
    workflow: WorkflowRef,
    { input, config, id = null }: { input: Json; config: JsonObject; id?: string | null },
  ): Promise<string> {
    const request = { workflow, input, config, priority: null, tags: [], idempotency: null };
    const result = await this.#start(request, id ?? this.#newId());
    if (result instanceof AppError) throw result;
    await this.#readMail();
    return result.runId;
  }

  /** Tells the run what has happened, and lets everything follow that needs no worker. False: the fence refused it. */
  async settle(runId: string, event: RunEvent): Promise<boolean> {
    const applied = await this.#settleOnly(runId, event);
    await this.#readMail();
    return applied ?? false;
  }

  async send(runId: string, mail: Mail): Promise<void> {
    await this.stores.store.sendMail(runId, mail);
    await this.settle(runId, { type: 'advance' });
  }

  /** What has become ready since the last time. */
  takeReady(): ReadyTask[] {
    return this.#ready.splice(0);
  }

  run(runId: string): StoredRun {
    const run = this.stores.runs.get(runId);
    if (!run) throw new Error(`there is no run ${runId}`);
    return run;
  }

  *timers(): Generator<DueTimer> {
    for (const [runId, run] of this.stores.runs)
      for (const timer of run.rows.timers.values()) yield { ...timer, runId };
  }

  /** All versions of the workflow that a run follows. */
  async versionsOf({ tenant, name }: WorkflowRef): Promise<Map<number, Graph>> {
    const newest = await this.stores.workflows.load({ tenant, name });
    const numbers = Array.from({ length: newest?.ref.version ?? 0 }, (_, index) => index + 1);
    const graphs = await Promise.all(numbers.map((version) => this.graphs.load({ tenant, name, version })));
    return new Map(graphs.map((graph) => [graph.ref.version, graph]));
  }

  /** All that processes had in memory is gone, and is made anew from what a database would have kept, as text. */
  async crash(): Promise<void> {
    const kept: string = JSON.stringify(this.stores.dump());
    this.stores = new MemoryStores(this.clock, JSON.parse(kept));
    this.graphs = createGraphCache(this.stores.workflows);
    this.steering = this.#steer();
    this.#ready = [];
    this.#unread = [];
  }

  /** Does what the sweepers do after a crash: mail that nobody read is read, and ready tasks are offered again. */
  async recover(): Promise<void> {
    this.#unread = [
      ...this.stores.inbox.asked().map((runId) => ({ runId, isStart: true })),
      ...Array.from(this.stores.runs.keys(), (runId) => ({ runId, isStart: false })),
    ];
    for (const [runId, { rows, hasEnded }] of this.stores.runs) {
      for (const task of rows.newestTasks()) {
        if (hasEnded || task.status !== 'ready' || task.lane === null) continue;
        this.#ready.push({ runId, task });
      }
    }
    await this.#readMail();
  }

  #steer(): Steering {
    const { stores, clock, graphs } = this;
    return createSteering({
      runs: stores.store,
      budgets: NO_BUDGETS,
      reader: stores.reader,
      workflows: stores.workflows,
      clock,
      graphs,
      inputs,
      start: (run) => this.#start(run, this.#newId()),
      settler: {
        settle: async ({ runId, event }) => {
          const exists = this.stores.runs.has(runId);
          return { applied: await this.settle(runId, event), exists };
        },
      },
    });
  }

  async #start(request: RunToStart, id: string): Promise<StartResult | AppError> {
    const graph = await this.graphs.load(request.workflow);
    const { input, config, tags, asChild } = request;
    const errors = await inputs.check(graph.document.input, input);
    if (errors.length > 0)
      return new AppError('invalid_input', 'the input does not match the schema of the workflow', { errors });
    const head = freshHead({
      id,
      parent: asChild?.parent ?? null,
      workflow: graph.ref,
      priority: request.priority ?? priorityLevel(graph.document.defaults?.priority ?? 'normal'),
    });
    const started: { decision: Decision | null } = { decision: null };
    const plan = (now: number) => {
      const consumedMail = asChild ? [asChild.mail] : [];
      const start = { head, body: { input, config }, now };
      const { asFork } = request;
      const decision = asFork ? forkRun(graph, { ...start, ...asFork, identity: head }) : startRun(graph, start);
      started.decision = { ...decision, consumedMail };
      return planOf(OFFER_ALL, started.decision);
    };
    await this.stores.store.submit([
      { head, input, config, tags, budget: null, idempotency: null, forkedFrom: request.forkedFrom ?? null, plan },
    ]);
    if (started.decision) this.#follow(started.decision);
    return { runId: head.id, created: true, status: head.status, fresh: null };
  }

  /** Null: there is no such run. */
  async #settleOnly(runId: string, event: RunEvent): Promise<boolean | null> {
    const settled = await this.#decide(runId, event);
    if (!settled) return null;
    const { decision } = settled.plan;
    this.#follow(decision);
    return decision.applied[0] ?? false;
  }

  /** Versions that deciding takes beside the one that the run follows are loaded when it is known which. */
  async #decide(runId: string, event: RunEvent): Promise<SettledRun | null> {
    const run = this.stores.runs.get(runId);
    if (!run) return null;
    const graph = await this.graphs.load(run.rows.head.workflow);
    const versions = new Map<number, Graph | null>([[graph.ref.version, graph]]);
    for (;;) {
      const work = { runId, events: [event], graph, versions, remembered: null };
      const change = decideRun({ offering: OFFER_ALL, log: SILENT }, work);
      const [settlement] = await this.stores.store.settle([change], { wait: true });
      if (settlement?.kind === 'settled') return settlement;
      if (settlement?.kind !== 'lacks') return null;
      for (const version of settlement.versions)
        versions.set(version, await loadIfThere(this.graphs, { ...graph.ref, version }));
    }
  }

  #follow({ head, ready, sentMail, goesOn, closes }: Decision): void {
    for (const task of ready) this.#ready.push({ runId: head.id, task });
    for (const { to, kind } of sentMail) if (to !== null) this.#unread.push({ runId: to, isStart: kind === 'start' });
    if (goesOn || closes || sentMail.some(({ to }) => to === null))
      this.#unread.unshift({ runId: head.id, isStart: false });
  }

  #newId(): string {
    return makeUuidV7(this.clock.now(), this.clock.randomBytes(10));
  }

  async #readMail(): Promise<void> {
    for (let count = 0; this.#unread.length > 0; count++) {
      if (count > MAX_TRANSACTIONS) throw new Error('runs send mail to each other without an end');
      const next = this.#unread.shift();
      if (!next) return;
      if (next.isStart && !this.stores.runs.has(next.runId)) await this.#startChild(next.runId);
      else await this.#settleOnly(next.runId, { type: 'advance' });
    }
  }

  async #startChild(runId: string): Promise<void> {
    const mail = this.stores.inbox.startMail(runId);
    if (!mail) return;
    const request = mail.payload as unknown as Omit<ChildRequest, 'runId'>;
    if (this.#standIn({ ...request, runId })) {
      await this.stores.store.dropMail(runId, mail.id);
      return;
    }
    const { stores, clock } = this;
    await startChild(
      {
        runs: stores.store,
        dispatch: { startMail: async () => mail },
        workflows: stores.workflows,
        clock,
        log: SILENT,
        start: (run) => this.#start(run, runId),
        advance: async (id) => void (await this.#settleOnly(id, { type: 'advance' })),
      },
      runId,
    );
  }
}
