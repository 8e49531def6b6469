/** Where runs live: the RunStore port on Postgres. */
import type { NewRun, RunStore, Submission } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { transact } from './connection.ts';
import type { Client } from './connection.ts';
import { NOW } from './database-clock.ts';
import type { DatabaseClock } from './database-clock.ts';
import { existingRuns } from './queries/load-snapshots.ts';
import { Partitions } from './queries/partitions.ts';
import { dropMail, sendMail, usedKey } from './queries/send-mail.ts';
import { claimKeys, sendStarts, startFires } from './queries/submit.ts';
import { settleRuns } from './settle-runs.ts';
import { isDuplicate } from './store-failure.ts';

export function createRunStore(pool: Pool, clock: DatabaseClock): RunStore {
  const partitions = new Partitions(pool);
  return {
    submit: (runs) => submitOnce(pool, clock, runs),
    settle: (changes, { wait }) => settleRuns({ pool, clock, partitions }, { changes, wait }),
    sendMail: (runId, mail, key = null) => sendMail(pool, { runId, mail, key }),
    dropMail: (runId, mailId) => dropMail(pool, runId, mailId),
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
  await startFires(client, created);
  const starts = created.map((start) => ({ start, plan: start.plan(now), now }));
  return { result: submissions, sent: sendStarts(client, starts) };
}

async function askNow(client: Client, clock: DatabaseClock): Promise<number> {
  const { rows } = await client.query<{ now: number }>({ name: 'ask-now', text: `select ${NOW} as now` });
  const now = rows[0]?.now ?? 0;
  clock.observe(now);
  return now;
}
