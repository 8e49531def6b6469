/**
 * Settling: what happened to runs is gathered, decided and committed in groups; what follows is published after the commit
 * (rules A5, A8 to A11).
 */
import { decide, failForEngineError } from '../domain/run/decide.ts';
import type { RunEvent } from '../domain/run/decide.ts';
import type { Graph } from '../domain/graph/graph.ts';
import { addSettleReads, noReads } from '../domain/run/reads.ts';
import type { Decision, WorkflowRef } from '../domain/run/records.ts';
import type { Ack, Plan, RunChange, Settlement } from '../ports/index.ts';
import { StoreError } from '../ports/index.ts';
import type { Admission } from './admission.ts';
import type { EngineDeps } from './deps.ts';
import type { GraphCache } from './graph-cache.ts';
import { createGroup } from './group-commit.ts';
import { publishPlans } from './publish.ts';
import { toMessage } from './messages.ts';

/** Something that happened to a run, on its way into a commit. */
export type SettleItem = {
  runId: string;
  /** Null: not known yet; it is looked up. */
  workflow: WorkflowRef | null;
  event: RunEvent;
  /** The claim that ends with this event. */
  ack?: Ack;
};

/** `applied` is false where the fence refused the event, or the run does not exist. */
export type Settled = { applied: boolean; exists: boolean };

export type Settler = {
  /** Resolves when the event is committed, or is known to change nothing. Never rejects while the engine runs. */
  settle(item: SettleItem): Promise<Settled>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
  /** Gives up retrying; what is not committed yet is found again by the sweepers of whoever runs next. */
  stop(): void;
  readonly counters: { settled: number; refused: number; batches: number };
};

const MAX_BATCH = 500;
/** A run that was locked this often is waited for (rule A9). */
const MAX_SKIPS = 3;
const RETRY_DELAYS_MS = [20, 50, 100, 250, 500, 1000];

type Pending = SettleItem & { skips: number; done: (settled: Settled) => void };

export type SettlerDeps = Pick<EngineDeps, 'runs' | 'dispatch' | 'broker' | 'bus' | 'timers' | 'clock' | 'log'> & {
  graphs: GraphCache;
  admission: Admission;
};

export function createSettler(deps: SettlerDeps): Settler {
  const { runs, log, clock } = deps;
  const counters = { settled: 0, refused: 0, batches: 0 };
  let stopped = false;
  const group = createGroup<Pending>({ commit: (items) => commit(items), maxItems: MAX_BATCH });

  /** Commits a batch, or parts of it, until every item is dealt with. */
  async function commit(items: Pending[]): Promise<void> {
    for (let failures = 0; !stopped; failures++) {
      try {
        await commitOnce(items);
        return;
      } catch (error) {
        if (!(error instanceof StoreError) || !error.transient) {
          await isolate(items, error);
          return;
        }
        log.warn({ err: error, items: items.length }, 'the store did not take a batch; trying again');
        await pause(RETRY_DELAYS_MS[Math.min(failures, RETRY_DELAYS_MS.length - 1)] ?? 1000);
      }
    }
  }

  async function commitOnce(items: Pending[]): Promise<void> {
    const byRun = Map.groupBy(items, (item) => item.runId);
    const workflows = await workflowsOf(items);
    const changes: RunChange[] = [];
    for (const [runId, ofRun] of byRun) {
      const ref = workflows.get(runId);
      if (ref)
        changes.push(toChange({ runId, events: ofRun.map((item) => item.event), graph: await deps.graphs.load(ref) }));
      else forget(ofRun);
    }
    if (changes.length === 0) return;
    const settlements = await runs.settle(changes, { wait: items.some((item) => item.skips >= MAX_SKIPS) });
    counters.batches += 1;
    await follow(settlements, byRun);
  }

  async function workflowsOf(items: Pending[]): Promise<Map<string, WorkflowRef>> {
    const known = new Map(items.flatMap((item) => (item.workflow ? [[item.runId, item.workflow] as const] : [])));
    const unknown = [...new Set(items.map((item) => item.runId))].filter((runId) => !known.has(runId));
    if (unknown.length === 0) return known;
    return new Map([...known, ...(await deps.dispatch.workflowsOf(unknown))]);
  }

  function toChange({ runId, events, graph }: { runId: string; events: RunEvent[]; graph: Graph }): RunChange {
    const reads = noReads();
    for (const event of events) {
      if (event.type === 'advance') reads.inline = true;
      else addSettleReads(reads, graph, event.key.slice(0, event.key.lastIndexOf('#')));
    }
    return {
      runId,
      reads,
      decide({ snapshot, now }) {
        const verdict = safely(graph, { snapshot, events, now });
        if (verdict.kind === 'needs') return verdict;
        return { kind: 'planned', plan: admit(verdict.decision) };
      },
    };
  }

  /** A run whose step the engine cannot compute fails alone (rule A11). */
  function safely(graph: Graph, view: Parameters<typeof decide>[1]): ReturnType<typeof decide> {
    try {
      return decide(graph, view);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      log.error({ err: error, runId: view.snapshot.head.id }, 'the engine could not compute a step');
      return { kind: 'decided', decision: failForEngineError(graph, { ...view, message }) };
    }
  }

  function admit(decision: Decision): Plan {
    const offered = decision.ready.filter((task) => deps.admission.mayOffer(toMessage(decision.head, task)));
    return { decision, offered: new Set(offered.map((task) => task.key)) };
  }

  async function follow(settlements: readonly Settlement[], byRun: Map<string, Pending[]>): Promise<void> {
    const plans: Plan[] = [];
    for (const settlement of settlements) {
      const items = byRun.get(settlement.runId) ?? [];
      if (settlement.kind === 'settled') {
        plans.push(settlement.plan);
        finish(items, settlement.plan.decision);
      } else if (settlement.kind === 'locked') {
        for (const item of items) group.add({ ...item, skips: item.skips + 1 });
      } else forget(items);
    }
    const ended = settlements.filter((settlement) => settlement.kind !== 'locked');
    const acks = ended.flatMap(({ runId }) => (byRun.get(runId) ?? []).flatMap((item) => item.ack ?? []));
    await publishPlans(deps, plans, acks);
  }

  function forget(items: Pending[]): void {
    for (const item of items) item.done({ applied: false, exists: false });
  }

  function finish(items: Pending[], { applied, head, goesOn, sentMail, closes }: Decision): void {
    for (const [index, item] of items.entries()) {
      const ok = applied[index] ?? false;
      counters[ok ? 'settled' : 'refused'] += 1;
      item.done({ applied: ok, exists: true });
    }
    if (goesOn || closes || sentMail.length > 0) advance(head.id, head.workflow);
  }

  function advance(runId: string, workflow: WorkflowRef): void {
    group.add({ runId, workflow, event: { type: 'advance' }, skips: 0, done: () => undefined });
  }

  /** Halves a batch that fails for a lasting reason until the culprit stands alone, and rejects that one (rule A11). */
  async function isolate(items: Pending[], error: unknown): Promise<void> {
    if (items.length > 1) {
      const half = Math.ceil(items.length / 2);
      await commit(items.slice(0, half));
      await commit(items.slice(half));
      return;
    }
    const [item] = items;
    if (!item) return;
    const message = error instanceof Error ? error.message : String(error);
    log.error({ err: error, runId: item.runId, event: item.event.type }, 'the store refused an outcome');
    const rejected = rejection(item, message);
    if (rejected) await commit([rejected]);
    else item.done({ applied: false, exists: true });
  }

  async function pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.after(ms, resolve);
    await promise;
  }

  return {
    settle(item) {
      const { promise, resolve } = Promise.withResolvers<Settled>();
      group.add({ ...item, skips: 0, done: resolve });
      return promise;
    },
    idle: () => group.idle(),
    stop() {
      stopped = true;
    },
    counters,
  };
}

/** The outcome that is settled in place of one that the store refuses; null if that was refused as well. */
function rejection(item: Pending, message: string): Pending | null {
  const { event } = item;
  if (event.type !== 'outcome') return null;
  if (event.outcome.kind === 'failed' && event.outcome.error.code === 'outcome_rejected') return null;
  const error = { code: 'outcome_rejected', message: `the outcome could not be stored: ${message}`, retryable: false };
  return { ...item, event: { ...event, outcome: { kind: 'failed', error } } };
}
