/** Which limits hold for which workflow in this prune: written down where the marking can join them. */
import type { PruneRequest, RetentionRule } from '@weft/engine/ports';

import { ALL_POLICIES, ruleFinder } from './policies.ts';
import type { StoredPolicy } from './policies.ts';
import type { Session } from './session.ts';

/** What a prune goes by: a request, or (null) the policies of all tenants. */
export type Cause = { request: PruneRequest | null; fallback: RetentionRule | null; hasArchive: boolean };

/** `both`: a run must have passed the age and the count, not just one of them. */
type Rule = RetentionRule & { tenant: string; workflow: string; both: boolean };

/** Writes the rules into the session's table. Workflows without any limit have none, and their runs stay. */
export async function writeRules(session: Session, cause: Cause): Promise<void> {
  const rules = await rulesOf(session, cause);
  const bounds = await countBounds(session, rules, cause.request?.statuses ?? null);
  await session.rows(
    `insert into rule select * from unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::uuid[], $6::bool[], $7::bool[])`,
    [
      rules.map(({ tenant }) => tenant),
      rules.map(({ workflow }) => workflow),
      rules.map(({ maxAgeMs }) => maxAgeMs),
      rules.map(({ failedMaxAgeMs }) => failedMaxAgeMs),
      rules.map((rule) => bounds.get(keyOf(rule)) ?? null),
      rules.map(({ both }) => both),
      rules.map(({ archive }) => archive),
    ],
  );
  await session.rows('analyze rule');
}

async function rulesOf(session: Session, { request, fallback, hasArchive }: Cause): Promise<Rule[]> {
  const { tenant = null, workflow = null } = request ?? {};
  const names = await session.rows<{ tenant: string; workflow: string }>(
    `select distinct tenant, name as workflow from workflow_version
      where ($1::text is null or tenant = $1) and ($2::text is null or name = $2)`,
    [tenant, workflow],
  );
  const find = ruleFinder(await session.rows<StoredPolicy>(ALL_POLICIES), fallback);
  return names.flatMap((name) => {
    const given = request && ruleOf(request);
    const rule = given ?? find(name.tenant, name.workflow);
    if (rule === null) return [];
    const archive = rule.archive || (request?.archive ?? false);
    // What is to be archived waits for a process that has a place for it.
    if (archive && !hasArchive) return [];
    return [{ ...rule, archive, both: given !== null, ...name }];
  });
}

function ruleOf({ olderThanMs, keep, archive }: PruneRequest): RetentionRule | null {
  if (olderThanMs === null && keep === null) return null;
  return { maxAgeMs: olderThanMs, maxCount: keep, failedMaxAgeMs: null, archive };
}

const PAGE = 5000;
const BEFORE_ALL_IDS = '00000000-0000-0000-0000-000000000000';
const BEYOND_ALL_IDS = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

type Head = { id: string; tenant: string; workflow: string; status: string };

/**
 * Per workflow with a count the oldest run that is within it; all before that one are beyond. One walk through the ended runs, from the
 * newest on, does for all workflows: there is no index by workflow, which every start of a run would pay for.
 */
async function countBounds(session: Session, rules: Rule[], statuses: string[] | null): Promise<Map<string, string>> {
  const bounds = new Map<string, string>();
  const open = new Map<string, { rule: Rule; left: number }>();
  for (const rule of rules) {
    if (rule.maxCount === null) continue;
    bounds.set(keyOf(rule), rule.maxCount === 0 ? BEYOND_ALL_IDS : BEFORE_ALL_IDS);
    if (rule.maxCount > 0) open.set(keyOf(rule), { rule, left: rule.maxCount });
  }
  let before = BEYOND_ALL_IDS;
  while (open.size > 0 && !session.signal.aborted) {
    const heads = await session.rows<Head>(
      `select id, tenant, workflow, status from run where id < $1 and ended_at is not null
        and ($2::text[] is null or status = any($2)) order by id desc limit ${PAGE}`,
      [before, statuses],
    );
    for (const head of heads) {
      const key = keyOf(head);
      const entry = open.get(key);
      if (!entry || (entry.rule.failedMaxAgeMs !== null && head.status === 'failed')) continue;
      entry.left -= 1;
      if (entry.left > 0) continue;
      bounds.set(key, head.id);
      open.delete(key);
    }
    const last = heads.at(-1);
    if (heads.length < PAGE || !last) break;
    before = last.id;
  }
  return bounds;
}

function keyOf({ tenant, workflow }: { tenant: string; workflow: string }): string {
  return `${tenant}\n${workflow}`;
}
