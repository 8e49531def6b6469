/** Budgets and reservations: the BudgetStore port on Postgres. What is one step is one function of the database. */
import { makeUuidV7 } from '@weft/engine/domain';
import type {
  BudgetGrant,
  BudgetKey,
  BudgetLimit,
  BudgetRecord,
  BudgetStore,
  BudgetUse,
  Spender,
} from '@weft/engine/ports';
import { randomBytes } from 'node:crypto';
import type { Pool } from 'pg';

import { query } from './connection.ts';

export function createBudgetStore(pool: Pool): BudgetStore {
  return {
    reserve: (requests) =>
      call<BudgetGrant>(
        pool,
        'reserve_budgets',
        requests.map(({ estimate, ...spender }) => ({ ...spenderOf(spender), ...estimate })),
      ),
    settle: (reports) =>
      call<BudgetUse[]>(
        pool,
        'settle_budgets',
        reports.map(({ usage, placed, keep, ...spender }) => ({
          ...spenderOf(spender),
          inputTokens: usage && Math.round(usage.inputTokens),
          outputTokens: usage && Math.round(usage.outputTokens),
          usd: usage?.usd ?? 0,
          placed,
          keep,
        })),
      ),
    async sweep(limit) {
      const text = 'select sweep_reservations($1) as ended';
      const [row] = await query<{ ended: number }>(pool, { name: 'sweep-reservations', text, values: [limit] });
      return row?.ended ?? 0;
    },
    load: (since) => load(pool, since),
    async list(tenant) {
      const where = `where tenant = $1 and kind <> 'run' order by kind, subject, period`;
      const rows = await query<BudgetRow>(pool, { text: `${SELECT} ${where}`, values: [tenant] });
      return rows.map(toRecord);
    },
    async ofRun(tenant, runId) {
      const text = `${SELECT} where id = $2 and tenant = $1 and kind = 'run'`;
      const [row] = await query<BudgetRow>(pool, { text, values: [tenant, runId] });
      return row ? toRecord(row) : null;
    },
    set: (key, limit) => set(pool, key, limit),
    remove: (key) => remove(pool, key),
    async raise({ tenant, runId, by, for: reason }) {
      const text = `update budget set usd = usd + $3, tokens = tokens + $4, raised_for = raised_for || $5::uuid, warned_at = null,
          exceeded_at = null, updated_at = now()
        where id = $2 and tenant = $1 and kind = 'run' and not ($5::uuid = any(raised_for))`;
      await query(pool, { text, values: [tenant, runId, by.usd ?? 0, by.tokens ?? 0, reason] });
    },
  };
}

async function set(
  pool: Pool,
  { tenant, kind, subject, period }: BudgetKey,
  { usd, tokens }: BudgetLimit,
): Promise<void> {
  const text = `with told as (update budget_version set version = version + 1)
    insert into budget (id, tenant, kind, subject, period, usd, tokens, period_start)
    values ($1, $2, $3, $4, $5, $6, $7, period_start_of($5, now()))
    on conflict (tenant, kind, subject, period) where kind <> 'run' do update
      set usd = excluded.usd, tokens = excluded.tokens, warned_at = null, exceeded_at = null, updated_at = now()`;
  const id = makeUuidV7(Date.now(), randomBytes(10));
  await query(pool, { text, values: [id, tenant, kind, subject, period, usd, tokens] });
}

async function remove(pool: Pool, { tenant, kind, subject, period }: BudgetKey): Promise<boolean> {
  const text = `with gone as (
      delete from budget where tenant = $1 and kind = $2 and subject = $3 and period = $4 and kind <> 'run' returning 1
    ), told as (update budget_version set version = version + 1 where exists (select from gone))
    select count(*)::int as n from gone`;
  const [row] = await query<{ n: number }>(pool, { text, values: [tenant, kind, subject, period] });
  return (row?.n ?? 0) > 0;
}

async function call<Answer>(pool: Pool, name: string, requests: readonly object[]): Promise<Answer[]> {
  if (requests.length === 0) return [];
  const text = `select ${name}($1::json) as answers`;
  const [row] = await query<{ answers: Answer[] }>(pool, { name, text, values: [JSON.stringify(requests)] });
  return row?.answers ?? [];
}

function spenderOf({ payer, ...spender }: Spender): object {
  return { ...spender, key: payer?.key ?? null, name: payer?.name ?? null, runs: payer?.runs ?? [] };
}

/** Read after the version: what changes in between is read once more. */
async function load(pool: Pool, since: number | null): ReturnType<BudgetStore['load']> {
  const text = 'select version from budget_version';
  const [row] = await query<{ version: number }>(pool, { name: 'budget-version', text });
  const version = row?.version ?? 0;
  if (version === since) return null;
  const budgets = await query<BudgetKey>(pool, {
    text: `select tenant, kind, subject, period from budget where kind <> 'run'`,
  });
  return { version, budgets };
}

type BudgetRow = BudgetKey & {
  usd: number | null;
  tokens: number | null;
  spent_usd: number;
  spent_tokens: number;
  reserved_usd: number;
  reserved_tokens: number;
  warned_at: number | null;
  exceeded_at: number | null;
  updated_at: number;
};

/** What was spent in a period that is over counts no more, although nobody has begun the next one yet. */
const SELECT = `select tenant, kind, subject, period, usd, tokens, reserved_usd, reserved_tokens, updated_at,
    ${['spent_usd', 'spent_tokens'].map((column) => `case when is_over then 0 else ${column} end as ${column}`).join(', ')},
    ${['warned_at', 'exceeded_at'].map((column) => `case when is_over then null else ${column} end as ${column}`).join(', ')}
  from budget cross join lateral (
    select period <> 'total' and period_start < period_start_of(period, now()) as is_over offset 0
  ) as p`;

function toRecord(row: BudgetRow): BudgetRecord {
  const { tenant, kind, subject, period, usd, tokens } = row;
  return {
    tenant,
    kind,
    subject,
    period,
    usd,
    tokens,
    spent: { usd: row.spent_usd, tokens: row.spent_tokens },
    reserved: { usd: row.reserved_usd, tokens: row.reserved_tokens },
    warnedAt: row.warned_at,
    exceededAt: row.exceeded_at,
    updatedAt: row.updated_at,
  };
}
