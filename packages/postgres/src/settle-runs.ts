/** Settling runs: as they are remembered, with one statement, or under their locks (rules A8, A9). */
import { mergeReads } from '@weft/engine/domain';
import type { Reads, RunHead, RunSnapshot } from '@weft/engine/domain';
import { StoreError } from '@weft/engine/ports';
import type { Lacking, Plan, RunChange, Settlement } from '@weft/engine/ports';
import type { Pool, QueryResultRow } from 'pg';

import { query, transact } from './connection.ts';
import type { Client, Statement } from './connection.ts';
import type { DatabaseClock } from './database-clock.ts';
import { existingRuns, loadParts, lockRuns } from './queries/load-snapshots.ts';
import type { Listeners } from './queries/listeners.ts';
import type { Partitions } from './queries/partitions.ts';
import { fitsOneStatement, settleRemembered } from './queries/settle-remembered.ts';
import type { SnapshotParts } from './queries/snapshot-parts.ts';
import { mayTell, sendDeliveries } from './queries/write-deliveries.ts';
import { sendHeads } from './queries/write-heads.ts';
import { sendPlans } from './queries/write-plans.ts';
import { isTableGone } from './store-failure.ts';

/** A decision that asks for more this often is the engine's mistake. */
const MAX_ROUNDS = 200;

type Means = { pool: Pool; clock: DatabaseClock; partitions: Partitions; listeners: Listeners };

type SettleRequest = { changes: readonly RunChange[]; wait: boolean };

/** What is remembered is tried first; what does not hold, or does not fit, goes the general way. */
export async function settleRuns(means: Means, request: SettleRequest): Promise<Settlement[]> {
  const { pool } = means;
  means.listeners.look();
  const settled = await settleAsRemembered(means, request.changes);
  const others = request.changes.filter(({ runId }) => !settled.has(runId));
  if (others.length > 0) {
    const rest = await transact(pool, (client) => settle(client, means, { ...request, changes: others }));
    for (const settlement of rest) settled.set(settlement.runId, settlement);
  }
  return request.changes.flatMap(({ runId }) => settled.get(runId) ?? []);
}

/** Decides on what is remembered, and writes it with one statement a partition where the heads are still as they were. */
async function settleAsRemembered(means: Means, changes: readonly RunChange[]): Promise<Map<string, Settlement>> {
  const now = means.clock.now();
  const runs = now === null ? [] : changes.flatMap((change) => decideAsRemembered(change, now, means.listeners));
  const settled = new Map<string, Settlement>();
  for (const [suffix, some] of Map.groupBy(runs, ({ head }) => means.partitions.suffixOf(head.id))) {
    const statement = settleRemembered(some, now ?? 0, suffix);
    for (const { n } of await tryQuery<{ n: number }>(means, statement)) {
      const run = some[n - 1];
      if (run) settled.set(run.head.id, toSettlement(run.plan, run.snapshot, true));
    }
  }
  return settled;
}

/** Nothing, where the statement is refused as such, or its partition is gone: the general way finds out whose fault it is. */
async function tryQuery<Row extends QueryResultRow>(
  { pool, partitions }: Pick<Means, 'pool' | 'partitions'>,
  statement: Statement,
): Promise<Row[]> {
  try {
    return await query<Row>(pool, statement);
  } catch (error) {
    if (isTableGone(error)) {
      partitions.forget();
      return [];
    }
    if (error instanceof StoreError && !error.transient) return [];
    throw error;
  }
}

function decideAsRemembered(change: RunChange, now: number, listeners: Listeners) {
  const { remembered: snapshot } = change;
  if (!snapshot) return [];
  const { head } = snapshot;
  const verdict = change.decide({ snapshot, now });
  if (verdict.kind !== 'planned' || head.hasCallbacks) return [];
  const isTold = mayTell(verdict.plan.decision, head.status) && listeners.mayHear(head.workflow.tenant);
  return !isTold && fitsOneStatement(head, verdict.plan) ? [{ head, snapshot, plan: verdict.plan }] : [];
}

function toSettlement(plan: Plan, snapshot: RunSnapshot, asRemembered: boolean): Settlement {
  return { runId: plan.decision.head.id, kind: 'settled', plan, snapshot, asRemembered };
}

/** Lock, read, decide, write: the reads travel behind the lock, and each sees what was committed before it was granted. */
async function settle(client: Client, { clock, listeners }: Means, { changes, wait }: SettleRequest) {
  const runIds = changes.map((change) => change.runId);
  const [locked, parts] = await Promise.all([lockRuns(client, runIds, wait), loadParts(client, changes)]);
  if (locked.now > 0) clock.observe(locked.now);
  const mine = changes.filter((change) => locked.heads.has(change.runId));
  const existing = mine.length === changes.length ? null : await existingRuns(client, runIds);
  const { decided, lacking } = await decideAll(client, { changes: mine, locked, parts });
  const planned = Array.from(decided, ([runId, { plan, snapshot }]) => {
    return {
      runId,
      plan,
      now: locked.now,
      before: snapshot.head.status,
      hasCallbacks: snapshot.head.hasCallbacks === true,
    };
  });
  const sent = [
    ...sendPlans(client, planned),
    ...sendHeads(client, planned),
    ...sendDeliveries(client, planned, listeners),
  ];
  const result = changes.map(({ runId }): Settlement => {
    const one = decided.get(runId);
    if (one) return toSettlement(one.plan, one.snapshot, false);
    const lacks = lacking.get(runId);
    if (lacks) return { runId, ...lacks };
    return { runId, kind: existing?.has(runId) ? 'locked' : 'missing' };
  });
  return { result, sent };
}

type DecideRequest = {
  changes: readonly RunChange[];
  locked: { heads: Map<string, RunHead>; now: number };
  parts: Map<string, SnapshotParts>;
};

type Decided = { plan: Plan; snapshot: RunSnapshot };

type AllDecided = { decided: Map<string, Decided>; lacking: Map<string, Lacking> };

/** Decides for every run; those whose decision must see more are loaded together and asked again. */
async function decideAll(client: Client, { changes, locked, parts }: DecideRequest): Promise<AllDecided> {
  const decided = new Map<string, Decided>();
  const lacking = new Map<string, Lacking>();
  let open = changes;
  for (let round = 0; open.length > 0; round++) {
    if (round > MAX_ROUNDS) throw new Error('a decision keeps asking for more of its run');
    const wanting: { change: RunChange; reads: Reads }[] = [];
    for (const change of open) {
      const head = locked.heads.get(change.runId);
      const part = parts.get(change.runId);
      if (!head || !part) throw new Error(`run ${change.runId} was not loaded`);
      const snapshot = { head, ...part };
      const verdict = change.decide({ snapshot, now: locked.now });
      if (verdict.kind === 'planned') decided.set(change.runId, { plan: verdict.plan, snapshot });
      else if (verdict.kind === 'lacks') lacking.set(change.runId, verdict);
      else wanting.push({ change, reads: verdict.reads });
    }
    await loadMore(client, wanting, parts);
    open = wanting.map(({ change }) => change);
  }
  return { decided, lacking };
}

async function loadMore(
  client: Client,
  wanting: readonly { change: RunChange; reads: Reads }[],
  parts: Map<string, SnapshotParts>,
): Promise<void> {
  if (wanting.length === 0) return;
  const loaded = await loadParts(
    client,
    wanting.map(({ change, reads }) => ({ runId: change.runId, reads })),
  );
  for (const { change, reads } of wanting) {
    const known = parts.get(change.runId);
    const more = loaded.get(change.runId);
    if (known && more) absorb(known, more, reads);
  }
}

function absorb(known: SnapshotParts, more: SnapshotParts, reads: Reads): void {
  for (const [key, task] of more.tasks) known.tasks.set(key, task);
  for (const [key, join] of more.joins) known.joins.set(key, join);
  for (const [key, channel] of more.channels) known.channels.set(key, channel);
  for (const [topic, mail] of more.kept) known.kept.set(topic, mail);
  for (const [name, items] of more.chunks) known.chunks.set(name, items);
  for (const [key, outputs] of more.items) known.items.set(key, outputs);
  known.body ??= more.body;
  known.branch ??= more.branch;
  known.inline.push(...more.inline);
  mergeReads(known.reads, reads);
}
