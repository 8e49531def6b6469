/**
 * Settling: what happened to runs is gathered, decided and committed in groups; what follows is published after the commit
 * (rules A5, A8 to A11).
 */
import type { Graph } from '../domain/graph/graph.ts';
import type { RunEvent } from '../domain/run/decide.ts';
import type { SentMail, WorkflowRef } from '../domain/run/records.ts';
import type { Plan, SettledRun, Settlement, TaskMessage } from '../ports/index.ts';
import { StoreError } from '../ports/index.ts';
import type { Admission } from './admission.ts';
import { decideRun } from './decide-run.ts';
import type { EngineDeps } from './deps.ts';
import { loadIfThere } from './graph-cache.ts';
import type { GraphCache } from './graph-cache.ts';
import { createGroup } from './group-commit.ts';
import type { Group } from './group-commit.ts';
import { leavesWork } from './leaves-work.ts';
import { messagesOf } from './messages.ts';
import { pause } from './pause.ts';
import { publishPlans } from './publish.ts';
import { RunMemory } from './run-memory.ts';

/** Something that happened to a run, on its way into a commit. */
export type SettleItem = {
  runId: string;
  /** Null: not known yet; it is looked up. */
  workflow: WorkflowRef | null;
  event: RunEvent;
  /** The message of the attempt that ends with this event, and whether a lane holds it: then it is acknowledged. */
  message?: TaskMessage;
  isHeld?: boolean;
  /** Asked once the event is committed, whether the caller goes on with a task that it has readied: no lane gets it then. */
  goOn?: (message: TaskMessage) => boolean;
};

/** `applied` is false where the fence refused the event, or the run does not exist. */
export type Settled = { applied: boolean; exists: boolean };

/** `refused`: outcomes that came too late, of an attempt that counts no more. */
export type SettleCounters = { settled: number; refused: number; batches: number };

export type Settler = {
  /** Resolves when the event is committed, or is known to change nothing. Never rejects while the engine runs. */
  settle(item: SettleItem): Promise<Settled>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** Gives up retrying; what is not committed yet is found again by the sweepers of whoever runs next. */
  stop(): void;
  readonly counters: Readonly<SettleCounters>;
};

export type SettlerDeps = Pick<EngineDeps, 'runs' | 'dispatch' | 'broker' | 'bus' | 'timers' | 'clock' | 'log'> & {
  graphs: GraphCache;
  admission: Admission;
  /** Mail to other runs is delivered. */
  post(mail: readonly SentMail[]): void;
};

const MAX_BATCH = 500;
/** A run that was locked this often is waited for (rule A9). */
const MAX_SKIPS = 3;
const RETRY_DELAYS_MS = [20, 50, 100, 250, 500, 1000];
const NOTHING: Settled = { applied: false, exists: false };

type Pending = SettleItem & {
  skips: number;
  /** Versions of the workflow that deciding takes beside that of `workflow`. */
  versions?: readonly number[];
  done: (settled: Settled) => void;
};

export function createSettler(deps: SettlerDeps): Settler {
  return new GroupSettler(deps);
}

class GroupSettler implements Settler {
  readonly counters: SettleCounters = { settled: 0, refused: 0, batches: 0 };
  readonly #deps: SettlerDeps;
  readonly #group: Group<Pending>;
  readonly #memory = new RunMemory();
  #telling = Promise.resolve();
  #stopped = false;

  constructor(deps: SettlerDeps) {
    this.#deps = deps;
    this.#group = createGroup({ commit: (items) => this.#commit(items), maxItems: MAX_BATCH });
  }

  settle(item: SettleItem): Promise<Settled> {
    const { promise, resolve } = Promise.withResolvers<Settled>();
    this.#group.add({ ...item, skips: 0, done: resolve });
    return promise;
  }

  async idle(): Promise<void> {
    await this.#group.idle();
    await this.#telling;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Commits a batch, or parts of it, until every item is dealt with. */
  async #commit(items: Pending[]): Promise<void> {
    for (let failures = 0; !this.#stopped; failures++) {
      try {
        await this.#commitOnce(items);
        return;
      } catch (error) {
        if (!(error instanceof StoreError) || !error.transient) {
          await this.#isolate(items, error);
          return;
        }
        this.#deps.log.warn({ err: error, items: items.length }, 'the store did not take a batch; trying again');
        await pause(this.#deps.clock, RETRY_DELAYS_MS[failures] ?? 1000);
      }
    }
    for (const item of items) item.done(NOTHING);
  }

  async #commitOnce(items: Pending[]): Promise<void> {
    const byRun = Map.groupBy(items, (item) => item.runId);
    for (const ofRun of byRun.values()) this.#putOffOthers(ofRun);
    const workflows = await this.#workflowsOf(Array.from(byRun.values()).flat());
    for (const [runId, ofRun] of byRun) if (!workflows.has(runId)) for (const item of ofRun) item.done(NOTHING);
    const { admission } = this.#deps;
    if (!admission.isReady) await admission.refresh();
    const offering = admission.begin();
    const changes = await Promise.all(
      Array.from(workflows, async ([runId, ref]) => {
        const ofRun = byRun.get(runId) ?? [];
        const events = ofRun.map((item) => item.event);
        const graph = await this.#deps.graphs.load(ref);
        const versions = await this.#versionsOf(graph, ofRun);
        const remembered = this.#memory.recall(graph, runId, ofRun.find(({ message }) => message?.seed)?.message);
        return decideRun({ offering, log: this.#deps.log }, { runId, events, graph, versions, remembered });
      }),
    );
    if (changes.length === 0) return;
    const wait = items.some((item) => item.skips >= MAX_SKIPS);
    try {
      const settlements = await this.#deps.runs.settle(changes, { wait });
      this.counters.batches += 1;
      await this.#follow(settlements, byRun);
    } catch (error) {
      this.#memory.forget(byRun.keys());
      throw error;
    } finally {
      // What it offered counts as under way until it is published.
      void this.#telling.then(() => offering.end());
    }
  }

  /** What says that the run is of another workflow is not decided together with the others: it is refused, or they are. */
  #putOffOthers(ofRun: Pending[]): void {
    const first = ofRun.find(({ workflow }) => workflow)?.workflow;
    if (!first) return;
    for (let i = ofRun.length - 1; i >= 0; i -= 1) {
      const workflow = ofRun[i]?.workflow;
      if (workflow && !isSameFlow(workflow, first)) for (const item of ofRun.splice(i, 1)) this.#group.add(item);
    }
  }

  /** Its message names the run of another workflow, perhaps of another tenant: no engine has written that. */
  #refuse(item: Pending, acks: TaskMessage[]): void {
    this.#deps.log.warn(
      { runId: item.runId, claimed: item.workflow },
      'an event of a run was refused: the run is of another workflow',
    );
    if (item.message && item.isHeld) acks.push(item.message);
    this.counters.refused += 1;
    item.done({ applied: false, exists: true });
  }

  /** Null for a version that does not exist. */
  async #versionsOf(graph: Graph, items: readonly Pending[]): Promise<Map<number, Graph | null>> {
    const versions = new Map<number, Graph | null>([[graph.ref.version, graph]]);
    for (const version of items.flatMap((item) => item.versions ?? [])) {
      if (versions.has(version)) continue;
      versions.set(version, await loadIfThere(this.#deps.graphs, { ...graph.ref, version }));
    }
    return versions;
  }

  async #workflowsOf(items: Pending[]): Promise<Map<string, WorkflowRef>> {
    const known = new Map(items.flatMap((item) => (item.workflow ? [[item.runId, item.workflow] as const] : [])));
    const unknown = new Set(items.map((item) => item.runId).filter((runId) => !known.has(runId)));
    if (unknown.size === 0) return known;
    return new Map([...known, ...(await this.#deps.dispatch.workflowsOf(Array.from(unknown)))]);
  }

  async #follow(settlements: readonly Settlement[], byRun: Map<string, Pending[]>): Promise<void> {
    const plans: Plan[] = [];
    const acks: TaskMessage[] = [];
    const continued = new Set<string | null>();
    for (const settlement of settlements) {
      const items = byRun.get(settlement.runId) ?? [];
      if (settlement.kind === 'locked') {
        for (const item of items) this.#group.add({ ...item, skips: item.skips + 1 });
        continue;
      }
      if (settlement.kind === 'lacks') {
        const { workflow, versions } = settlement;
        for (const item of items) {
          if (item.workflow && !isSameFlow(item.workflow, workflow)) this.#refuse(item, acks);
          else this.#group.add({ ...item, workflow, versions });
        }
        continue;
      }
      for (const { message, isHeld } of items) if (message && isHeld) acks.push(message);
      if (settlement.kind === 'settled') {
        plans.push(settlement.plan);
        await this.#remember(settlement);
        const goesOn = items.find(({ goOn }) => goOn)?.goOn;
        if (goesOn) continued.add(continueWith(settlement.plan, goesOn));
        this.#finish(items, settlement);
      } else for (const item of items) item.done(NOTHING);
    }
    // The next batch is decided while this one is told of; no more than one is on its way, so that they stay in order.
    await this.#telling;
    this.#telling = publishPlans(this.#deps, plans, { acks, continued });
  }

  async #remember(settled: SettledRun): Promise<void> {
    this.#memory.learn(await this.#deps.graphs.load(settled.plan.decision.head.workflow), settled);
  }

  /**
   * What is left over, and mail that the run sent to itself, is taken care of by the next commit. So is mail that came with a
   * replay: who waits for it waits for that commit.
   */
  #finish(items: Pending[], { plan, snapshot: { mail } }: SettledRun): void {
    const { applied, head, sentMail } = plan.decision;
    const isUnread = mail.length > 1 && mail.some(({ kind }) => kind === 'replay');
    for (const [index, item] of items.entries()) {
      if (isUnread && item.event.type === 'advance') {
        this.#group.add({ ...item, workflow: head.workflow });
        continue;
      }
      const ok = applied[index] ?? false;
      if (ok) this.counters.settled += 1;
      else if (item.event.type === 'outcome') this.counters.refused += 1;
      item.done({ applied: ok, exists: true });
    }
    this.#deps.post(sentMail);
    if (!leavesWork(plan.decision)) return;
    const event = { type: 'advance' } as const;
    this.#group.add({ runId: head.id, workflow: head.workflow, event, skips: 0, done: () => undefined });
  }

  /** Halves a batch that fails for a lasting reason until the culprit stands alone, and rejects that one (rule A11). */
  async #isolate(items: Pending[], error: unknown): Promise<void> {
    const [item] = items;
    if (!item) return;
    if (items.length > 1) {
      const half = Math.ceil(items.length / 2);
      await this.#commit(items.slice(0, half));
      await this.#commit(items.slice(half));
      return;
    }
    const message = error instanceof Error ? error.message : String(error);
    this.#deps.log.error({ err: error, runId: item.runId, event: item.event.type }, 'the store refused an event');
    const rejected = rejection(item, message);
    if (rejected) await this.#commit([rejected]);
    else item.done({ applied: false, exists: true });
  }
}

/** A run may move to another version of its workflow, never to another workflow. */
function isSameFlow(a: WorkflowRef, b: WorkflowRef): boolean {
  return a.tenant === b.tenant && a.name === b.name;
}

/** The task that whoever settled goes on with, by its id: the first that was readied, since one slot has become free. */
function continueWith({ decision, offered }: Plan, goOn: (message: TaskMessage) => boolean): string | null {
  if (decision.ready.length === 0) return null;
  const [message] = messagesOf(decision);
  return message && offered.has(message.key) && goOn(message) ? message.taskId : null;
}

/** The outcome that is settled in place of one that the store refuses; null if that was refused as well. */
function rejection(item: Pending, message: string): Pending | null {
  const { event } = item;
  if (event.type !== 'outcome') return null;
  if (event.outcome.kind === 'failed' && event.outcome.error.code === 'outcome_rejected') return null;
  const error = { code: 'outcome_rejected', message: `the outcome could not be stored: ${message}`, retryable: false };
  return { ...item, event: { ...event, outcome: { kind: 'failed', error } } };
}
