-- What may be spent, what is about to be, and what was. USD are decimal numbers with nine places everywhere, so that sums are exact.

alter table usage alter column usd type numeric(24, 9);
-- inherited: a fork shows what led to its beginning, and did not spend it. Of older rows nothing but their run is known.
alter table usage
  add column tenant text collate "C" not null default '',
  add column at timestamptz not null default now(),
  add column inherited boolean not null default false;
update usage u set tenant = r.tenant, at = r.created_at from run r where r.id = u.run_id;
create index usage_account_idx on usage (tenant, at);

-- payer: the key and the named budget that a run is charged to, and the runs with budgets that it is a part of, itself included;
-- null for a run that nobody but its tenant pays for.
alter table run add column payer json;

-- What is left of the usage of runs that were deleted. Where nothing is known there is an empty text.
create table spent_before (
  tenant text collate "C" not null,
  day date not null,
  workflow text collate "C" not null,
  key text collate "C" not null,
  budget text collate "C" not null,
  endpoint text collate "C" not null,
  model text collate "C" not null,
  attempts bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  usd numeric(24, 9) not null,
  primary key (tenant, day, workflow, key, budget, endpoint, model)
);

-- Rises with every change of a budget that is not a run's, so that processes need not read what they know.
create table budget_version (
  version bigint not null
);
insert into budget_version (version) values (0);

-- kind: run (id is that of the run), tenant, key (subject is the id of an API key), name. usd, tokens: null for no bound. What
-- belongs to a period that is over counts no more. raised_for: the questions that it was raised for.
create table budget (
  id uuid not null,
  tenant text collate "C" not null,
  kind text collate "C" not null,
  subject text collate "C" not null default '',
  period text collate "C" not null default 'total',
  usd numeric(24, 9),
  tokens bigint,
  period_start timestamptz not null default '-infinity',
  spent_usd numeric(24, 9) not null default 0,
  spent_tokens bigint not null default 0,
  reserved_usd numeric(24, 9) not null default 0,
  reserved_tokens bigint not null default 0,
  warned_at timestamptz,
  exceeded_at timestamptz,
  raised_for uuid[] not null default '{}',
  updated_at timestamptz not null default now(),
  primary key (id),
  constraint budget_kind check (kind in ('run', 'tenant', 'key', 'name')),
  constraint budget_period check (period in ('total', 'day', 'month'))
) with (fillfactor = 50);
create unique index budget_subject_idx on budget (tenant, kind, subject, period) where kind <> 'run';

-- What an attempt under way may still spend, in which budgets. kept: its task goes on with it in the next attempt.
create table reservation (
  task_id uuid not null,
  attempt int not null,
  run_id uuid not null,
  key text collate "C" not null,
  epoch int not null,
  run_epoch int not null,
  usd numeric(24, 9) not null,
  tokens bigint not null,
  budgets uuid[] not null,
  kept boolean not null default false,
  at timestamptz not null default now(),
  primary key (task_id, attempt)
);
create index reservation_run_idx on reservation (run_id);

create function period_start_of(period text, at timestamptz) returns timestamptz language sql stable as $$
  select case when period = 'total' then '-infinity'::timestamptz
    else date_trunc(period, at at time zone 'UTC') at time zone 'UTC' end
$$;

-- The budgets that a run of this payer is charged to.
create function budgets_of(of_tenant text, of_key text, of_name text, of_runs uuid[]) returns setof uuid language sql stable as $$
  select id from budget where id = any(of_runs)
  union all
  select id from budget where kind <> 'run' and tenant = of_tenant
    and (kind = 'tenant' or (kind = 'key' and subject = of_key) or (kind = 'name' and subject = of_name))
$$;

-- Locks budgets, always in one order, and begins their new periods.
create function lock_budgets(ids uuid[]) returns void language plpgsql as $$
begin
  perform 1 from budget where id = any(ids) order by id for no key update;
  update budget set period_start = period_start_of(period, now()), spent_usd = 0, spent_tokens = 0, warned_at = null,
      exceeded_at = null
    where id = any(ids) and period <> 'total' and period_start < period_start_of(period, now());
end
$$;

-- Ends the reservations of these attempts and of those before them. Their budgets must be locked. Gives what the budgets were.
create function end_reservations(of_task uuid, up_to int) returns uuid[] language plpgsql as $$
declare
  ended uuid[];
begin
  with gone as (
    delete from reservation where task_id = of_task and attempt <= up_to returning usd, tokens, budgets
  ), freed as (
    select b as id, sum(gone.usd) as usd, sum(gone.tokens) as tokens from gone, unnest(gone.budgets) as b group by b
  ), updated as (
    update budget b set reserved_usd = b.reserved_usd - freed.usd, reserved_tokens = b.reserved_tokens - freed.tokens
      from freed where b.id = freed.id
  )
  select array_agg(id) into ended from freed;
  return coalesce(ended, '{}');
end
$$;

-- For each request, in order: reserves in all budgets that it is charged to, or in none. usd null: its price is not known. isStated
-- false: nobody knows what it will cost, so it begins as long as anything is left. What the task has reserved before is replaced.
-- Answers with granted, refused (for good), held (others may give back enough), price_missing, budget_missing, superseded.
create function reserve_budgets(requests json) returns json language plpgsql as $$
declare
  q record;
  stop record;
  room record;
  locked uuid[];
  charged uuid[];
  verdict text;
  is_first boolean;
  answers jsonb := '[]';
begin
  select coalesce(array_agg(distinct every.id), '{}') into locked from (
    select b.id from json_to_recordset(requests) as r (tenant text, key text, name text, runs uuid[]),
      budgets_of(r.tenant, r.key, r.name, r.runs) as b (id)
    union all
    select unnest(v.budgets) from json_to_recordset(requests) as r ("taskId" uuid)
      join reservation v on v.task_id = r."taskId"
  ) as every (id);
  perform lock_budgets(locked);

  for q in select * from json_to_recordset(requests) as r (tenant text, key text, name text, runs uuid[], "runId" uuid,
      "taskKey" text, "taskEpoch" int, "runEpoch" int, "taskId" uuid, attempt int, usd numeric(24, 9), tokens bigint,
      "isStated" boolean)
  loop
    if exists (select from reservation v where v.task_id = q."taskId" and v.attempt > q.attempt) then
      answers := answers || '[{"kind": "superseded"}]'::jsonb;
      continue;
    end if;
    perform end_reservations(q."taskId", q.attempt);
    -- One that came into being after the locks were taken does not count yet.
    charged := array(select b from budgets_of(q.tenant, q.key, q.name, q.runs) as b where b = any(locked) order by b);
    if q.name is not null and not exists (select from budget b where b.id = any(charged) and b.kind = 'name') then
      answers := answers || '[{"kind": "budget_missing"}]'::jsonb;
      continue;
    end if;

    select b.id, b.kind, b.subject, b.period, b.exceeded_at, u.unit, u.most, u.spent, u.reserved, u.wanted,
        u.wanted > u.most - u.spent or (not q."isStated" and u.spent >= u.most) as is_lasting
      into stop
      from budget b cross join lateral (values
        ('usd', b.usd, b.spent_usd, b.reserved_usd, q.usd),
        ('tokens', b.tokens::numeric, b.spent_tokens::numeric, b.reserved_tokens::numeric, q.tokens::numeric)
      ) as u (unit, most, spent, reserved, wanted)
      where b.id = any(charged) and u.most is not null
        and (u.wanted is null or u.wanted > u.most - u.spent - u.reserved
          or (not q."isStated" and u.spent + u.reserved >= u.most))
      order by u.wanted is null desc, is_lasting desc, b.id limit 1;
    verdict := case when not found then 'granted' when stop.wanted is null then 'price_missing'
      when stop.is_lasting then 'refused' else 'held' end;

    if verdict = 'granted' then
      update budget b set reserved_usd = b.reserved_usd + coalesce(q.usd, 0), reserved_tokens = b.reserved_tokens + q.tokens
        where b.id = any(charged);
      insert into reservation (task_id, attempt, run_id, key, epoch, run_epoch, usd, tokens, budgets)
        values (q."taskId", q.attempt, q."runId", q."taskKey", q."taskEpoch", q."runEpoch", coalesce(q.usd, 0), q.tokens, charged);
    end if;
    is_first := verdict = 'refused' and stop.exceeded_at is null;
    if is_first then
      update budget b set exceeded_at = now() where b.id = stop.id;
    end if;

    select min(greatest(0, b.usd - b.spent_usd - b.reserved_usd)) as usd,
        min(greatest(0, b.tokens - b.spent_tokens - b.reserved_tokens)) as tokens
      into room from budget b where b.id = any(charged);
    answers := answers || jsonb_build_array(jsonb_build_object('kind', verdict, 'usdLeft', room.usd, 'tokensLeft', room.tokens)
      || case when verdict = 'granted' then '{}'::jsonb else jsonb_build_object('isFirst', is_first, 'budget', jsonb_build_object(
        'kind', stop.kind, 'subject', case when stop.kind = 'run' then stop.id::text else stop.subject end, 'period', stop.period, 'unit', stop.unit, 'limit', stop.most,
        'spent', stop.spent, 'reserved', stop.reserved, 'asked', stop.wanted)) end);
  end loop;
  return answers;
end
$$;

-- For each report, in order: writes what an attempt has spent (inputTokens null: nothing is known), ends its reservation, and charges
-- the budgets where it had one. An attempt without one, which came too late, is in the account only. Answers with the budgets
-- that are used up to four fifths since.
create function settle_budgets(reports json) returns json language plpgsql as $$
declare
  q record;
  locked uuid[];
  charged uuid[];
  warned jsonb;
  answers jsonb := '[]';
begin
  select coalesce(array_agg(distinct b), '{}') into locked
    from json_to_recordset(reports) as r ("taskId" uuid, attempt int)
    join reservation v on v.task_id = r."taskId" and v.attempt <= r.attempt cross join unnest(v.budgets) as b;
  perform lock_budgets(locked);

  for q in select * from json_to_recordset(reports) as r (tenant text, "runId" uuid, "taskKey" text, "taskEpoch" int,
      "taskId" uuid, attempt int, "inputTokens" bigint, "outputTokens" bigint, usd numeric(24, 9), placed json, keep boolean)
  loop
    warned := '[]';
    if q.keep then
      update reservation set kept = true where task_id = q."taskId" and attempt = q.attempt;
    else
      charged := end_reservations(q."taskId", q.attempt);
      if q."inputTokens" is not null then
        insert into usage (run_id, key, epoch, attempt, input_tokens, output_tokens, usd, tenant, placed)
          select t.run_id, t.key, t.epoch, q.attempt, q."inputTokens", q."outputTokens", q.usd, q.tenant, q.placed
            from task t where t.run_id = q."runId" and t.key = q."taskKey" and t.epoch = q."taskEpoch"
          on conflict do nothing;
        update budget b set spent_usd = b.spent_usd + q.usd, spent_tokens = b.spent_tokens + q."inputTokens" + q."outputTokens"
          where b.id = any(charged);
        with crossed as (
          update budget b set warned_at = now() where b.id = any(charged) and b.warned_at is null
            and (b.spent_usd >= 0.8 * b.usd or b.spent_tokens >= 0.8 * b.tokens)
          returning b.*
        )
        select coalesce(jsonb_agg(jsonb_build_object('kind', c.kind,
            'subject', case when c.kind = 'run' then c.id::text else c.subject end, 'period', c.period,
            'unit', case when c.spent_usd >= 0.8 * c.usd then 'usd' else 'tokens' end,
            'limit', case when c.spent_usd >= 0.8 * c.usd then c.usd else c.tokens end,
            'spent', case when c.spent_usd >= 0.8 * c.usd then c.spent_usd else c.spent_tokens end,
            'reserved', case when c.spent_usd >= 0.8 * c.usd then c.reserved_usd else c.reserved_tokens end)), '[]')
          into warned from crossed c;
      end if;
    end if;
    answers := answers || jsonb_build_array(warned);
  end loop;
  return answers;
end
$$;

-- Reservations of attempts that were overtaken, have ended, or belong to runs that have ended or were deleted.
create view stale_reservation as
  select v.* from reservation v
    left join run r on r.id = v.run_id
    left join task t on t.run_id = v.run_id and t.key = v.key and t.epoch = v.epoch
    where (r.status in ('pending', 'running', 'interrupted') and r.epoch = v.run_epoch and not t.superseded and case
        when v.kept then t.attempt <= v.attempt + 1 and t.status in ('ready', 'running', 'waiting')
        else t.attempt = v.attempt and t.status in ('ready', 'running') end) is not true;

-- Ends those. Gives how many.
create function sweep_reservations(most int) returns int language plpgsql as $$
declare
  tasks uuid[];
  attempts int[];
begin
  select array_agg(task_id), array_agg(attempt) into tasks, attempts
    from (select task_id, attempt from stale_reservation limit most) as stale;
  if tasks is null then
    return 0;
  end if;
  perform lock_budgets(array(select distinct b from unnest(tasks, attempts) as s (task_id, attempt)
    join reservation v on v.task_id = s.task_id and v.attempt = s.attempt cross join unnest(v.budgets) as b));
  for i in 1 .. cardinality(tasks) loop
    perform end_reservations(tasks[i], attempts[i]);
  end loop;
  return cardinality(tasks);
end
$$;
