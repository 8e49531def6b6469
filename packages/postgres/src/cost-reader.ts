/** The account of what was spent: the CostReader port on Postgres. */
import type { CostDimension } from '@weft/contract';
import type { CostReader, CostsFilter, SpentItem, SpentSums } from '@weft/engine/ports';
import type { Pool } from 'pg';

import { query } from './connection.ts';
import { isUuid } from './queries/read-values.ts';

const SUMS = `coalesce(sum(s.attempts), 0)::float8 as attempts, coalesce(sum(s.input_tokens), 0)::float8 as "inputTokens",
  coalesce(sum(s.output_tokens), 0)::float8 as "outputTokens", coalesce(sum(s.usd), 0) as usd`;

/** What is still there by its attempts, and what is left of runs that were deleted by day. */
const SPENT = `(
    select to_char(u.at at time zone 'UTC', 'YYYY-MM-DD') as day, u.tenant, r.workflow, r.payer->>'key' as key,
      r.payer->>'name' as budget, u.placed->>'endpoint' as endpoint, u.placed->>'model' as model, u.run_id::text as run,
      u.key as task, 1 as attempts, u.input_tokens, u.output_tokens, u.usd
    from usage u join run r on r.id = u.run_id
    where ($1::text is null or u.tenant = $1) and u.at >= $2::date::timestamptz and u.at < ($3::date + 1)::timestamptz
      and not u.inherited and ($4::text is null or r.workflow = $4) and ($5::uuid is null or u.run_id = $5)
      and (u.input_tokens > 0 or u.output_tokens > 0 or u.usd > 0)
    union all
    select to_char(day, 'YYYY-MM-DD'), tenant, workflow, nullif(key, ''), nullif(budget, ''), nullif(endpoint, ''),
      nullif(model, ''), null, null, attempts, input_tokens, output_tokens, usd
    from spent_before where ($1::text is null or tenant = $1) and day between $2::date and $3::date
      and ($4::text is null or workflow = $4) and $5::uuid is null
  ) as s`;

export function createCostReader(pool: Pool): CostReader {
  return {
    async costs(filter, by, limit) {
      const values = valuesOf(filter);
      const names = by.map((dimension) => `s.${dimension}`);
      const order = by.includes('day') ? orderByDay(by) : [`usd desc`, ...names];
      const [items, [total]] = await Promise.all([
        query<SpentItem>(pool, {
          text: `select ${names.join(', ')}, ${SUMS} from ${SPENT} group by ${names.join(', ')}
            order by ${order.join(', ')} limit $6`,
          values: [...values, limit],
        }),
        query<SpentSums>(pool, { text: `select ${SUMS} from ${SPENT}`, values }),
      ]);
      return { items, total: total ?? { attempts: 0, inputTokens: 0, outputTokens: 0, usd: 0 } };
    },
  };
}

function orderByDay(by: readonly CostDimension[]): string[] {
  const others = by.filter((dimension) => dimension !== 'day').map((dimension) => `s.${dimension}`);
  return ['s.day', 'usd desc', ...others];
}

function valuesOf({ tenant, from, to, workflow, runId }: CostsFilter): (string | null)[] {
  return [tenant, from, to, workflow, runId !== null && !isUuid(runId) ? NOBODY : runId];
}

/** No run has this id. */
const NOBODY = '00000000-0000-0000-0000-000000000000';
