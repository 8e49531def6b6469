/** What runs have spent stays in the account when they are deleted, by day. */
import type { Session } from './session.ts';

/** Within the transaction that deletes the runs, before it does. `runs` gives their ids. */
export async function keepAccount(session: Session, runs: string, values: unknown[] = []): Promise<void> {
  await session.rows(
    `insert into spent_before (tenant, day, workflow, key, budget, endpoint, model, attempts, input_tokens, output_tokens, usd)
      select u.tenant, (u.at at time zone 'UTC')::date, r.workflow, coalesce(r.payer->>'key', ''), coalesce(r.payer->>'name', ''),
        coalesce(u.placed->>'endpoint', ''), coalesce(u.placed->>'model', ''), count(*), sum(u.input_tokens),
        sum(u.output_tokens), sum(u.usd)
      from (${runs}) as gone join usage u on u.run_id = gone.id join run r on r.id = u.run_id
      where not u.inherited and (u.input_tokens > 0 or u.output_tokens > 0 or u.usd > 0)
      group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7
      on conflict (tenant, day, workflow, key, budget, endpoint, model) do update set
        attempts = spent_before.attempts + excluded.attempts,
        input_tokens = spent_before.input_tokens + excluded.input_tokens,
        output_tokens = spent_before.output_tokens + excluded.output_tokens, usd = spent_before.usd + excluded.usd`,
    values,
  );
  // What their attempts had reserved elsewhere is swept up by whoever sweeps.
  await session.rows(`delete from budget b using (${runs}) as gone where b.id = gone.id and b.kind = 'run'`, values);
}
