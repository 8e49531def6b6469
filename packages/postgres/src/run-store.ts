/** Where runs live: the RunStore port on Postgres. */
import { mergeReads } from '@weft/engine/domain';
import type { Reads, RunHead } from '@weft/engine/domain';
import type { NewRun, Plan, RunChange, RunStore, Settlement, Submission } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { transact } from './connection.ts';
import type { Client } from './connection.ts';
import { NOW } from './database-clock.ts';
import type { DatabaseClock } from './database-clock.ts';
import { existingRuns, loadParts, lockRuns } from './queries/load-snapshots.ts';
import type { SnapshotParts } from './queries/load-snapshots.ts';
import { sendMail, usedKey } from './queries/send-mail.ts';
import { claimKeys, sendStarts } from './queries/submit.ts';
import { sendHeads } from './queries/write-heads.ts';
import { sendPlans } from './queries/write-plans.ts';
import { isDuplicate } from './store-failure.ts';

/** A decision that asks for more this often is the engine's mistake. */
const MAX_ROUNDS = 200;

export function createRunStore(pool: Pool, clock: DatabaseClock): RunStore {
  return {
    submit: (runs) => submitOnce(pool, clock, runs),
    settle: (changes, { wait }) => transact(pool, (client) => settle(client, clock, { changes, wait })),
    sendMail: (runId, mail, key = null) => sendMail(pool, { runId, mail, key }),
    usedKey: (tenant, key) => usedKey(pool, tenant, key),
  };
}

/** A run that is there already is this very submission, sent again because the answer to the first had been lost. */
async function submitOnce(pool: Pool, clock: DatabaseClock, runs: readonly NewRun[]): Promise<Submission[]> {
  try {
    return await transact(pool, (client) => submit(client, { clock, runs, known: new Set() }));
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return transact(pool, async (client) => {
      const known = await existingRuns(
        client,
        runs.map((run) => run.head.id),
      );
      return submit(client, { clock, runs, known });
    });
  }
}

type SubmitRequest = { clock: DatabaseClock; runs: readonly NewRun[]; known: ReadonlySet<string> };

async function submit(client: Client, { clock, runs, known }: SubmitRequest) {
  const now = clock.now() ?? (await askNow(client, clock));
  const submissions: Submission[] = await claimKeys(client, runs);
  const created = runs.filter(({ head }, index) => submissions[index]?.kind === 'created' && !known.has(head.id));
  const starts = created.map((start) => ({ start, plan: start.plan(now), now }));
  return { result: submissions, sent: sendStarts(client, starts) };
}

async function askNow(client: Client, clock: DatabaseClock): Promise<number> {
  const { rows } = await client.query<{ now: number }>({ name: 'ask-now', text: `select ${NOW} as now` });
  const now = rows[0]?.now ?? 0;
  clock.observe(now);
  return now;
}

type SettleRequest = { changes: readonly RunChange[]; wait: boolean };

/** Lock, read, decide, write: the reads travel behind the lock, and each sees what was committed before it was granted. */
async function settle(client: Client, clock: DatabaseClock, { changes, wait }: SettleRequest) {
  const runIds = changes.map((change) => change.runId);
  const [locked, parts] = await Promise.all([lockRuns(client, runIds, wait), loadParts(client, changes)]);
  if (locked.now > 0) clock.observe(locked.now);
  const mine = changes.filter((change) => locked.heads.has(change.runId));
  const existing = mine.length === changes.length ? null : await existingRuns(client, runIds);
  const plans = await decideAll(client, { changes: mine, locked, parts });
  const planned = mine.map(({ runId }) => ({ runId, plan: planOf(plans, runId), now: locked.now }));
  const sent = [...sendPlans(client, planned), ...sendHeads(client, planned)];
  const result = changes.map(({ runId }): Settlement => {
    const plan = plans.get(runId);
    if (plan) return { runId, kind: 'settled', plan };
    return { runId, kind: existing?.has(runId) ? 'locked' : 'missing' };
  });
  return { result, sent };
}

type DecideRequest = {
  changes: readonly RunChange[];
  locked: { heads: Map<string, RunHead>; now: number };
  parts: Map<string, SnapshotParts>;
};

/** Decides for every run; those whose decision must see more are loaded together and asked again. */
async function decideAll(client: Client, { changes, locked, parts }: DecideRequest): Promise<Map<string, Plan>> {
  const plans = new Map<string, Plan>();
  let open = changes;
  for (let round = 0; open.length > 0; round++) {
    if (round > MAX_ROUNDS) throw new Error('a decision keeps asking for more of its run');
    const wanting: { change: RunChange; reads: Reads }[] = [];
    for (const change of open) {
      const head = locked.heads.get(change.runId);
      const part = parts.get(change.runId);
      if (!head || !part) throw new Error(`run ${change.runId} was not loaded`);
      const verdict = change.decide({ snapshot: { head, ...part }, now: locked.now });
      if (verdict.kind === 'planned') plans.set(change.runId, verdict.plan);
      else wanting.push({ change, reads: verdict.reads });
    }
    await loadMore(client, wanting, parts);
    open = wanting.map(({ change }) => change);
  }
  return plans;
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
  known.body ??= more.body;
  known.inline.push(...more.inline);
  mergeReads(known.reads, reads);
}

function planOf(plans: Map<string, Plan>, runId: string): Plan {
  const plan = plans.get(runId);
  if (!plan) throw new Error(`run ${runId} was not decided`);
  return plan;
}
