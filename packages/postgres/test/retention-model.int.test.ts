import type { RunStatus } from '@weft/engine/domain';
import { makeUuidV7 } from '@weft/engine/domain';
import type { PruneRequest, RetentionPolicy, RetentionRule } from '@weft/engine/ports';
import { createSeededRandom, createTestDatabase } from '@weft/testkit';
import type { SeededRandom, TestDatabase } from '@weft/testkit';
import { newRun } from '@weft/testkit/conformance/store-records';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { openStore } from '../src/index.ts';
import type { PostgresStore } from '../src/index.ts';
import { DAY_MS, KEEP, makePast } from './retention-rig.ts';

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  await makePast(client, 8);
}, 120_000);

afterAll(async () => {
  await client.end();
  await database.drop({ verify: false });
});

type Made = {
  id: string;
  tenant: string;
  workflow: string;
  status: RunStatus;
  beganMs: number;
  /** Since its end; null if it goes on. */
  ageMs: number | null;
  parent: string | null;
};

const TENANTS = ['acme', 'bolt'];
const WORKFLOWS = ['a', 'b', 'c'];
const ENDED: RunStatus[] = ['succeeded', 'failed', 'cancelled'];

/** A run that began on some day of the last seven weeks, and has ended since, or not; some are children of one before. */
function makeRun(random: SeededRandom, before: readonly Made[], n: number): Made {
  const parent = before.length > 0 && random.chance(0.2) ? random.pick(before) : null;
  const beganMs = parent ? random.below(parent.beganMs) : (1 + random.below(49)) * DAY_MS + n;
  const status = random.chance(0.12) ? 'running' : random.pick(ENDED);
  return {
    id: makeUuidV7(
      Date.now() - beganMs,
      Uint8Array.from({ length: 10 }, () => random.below(256)),
    ),
    tenant: parent?.tenant ?? random.pick(TENANTS),
    workflow: random.pick(WORKFLOWS),
    status,
    beganMs,
    ageMs: status === 'running' ? null : beganMs - random.below(beganMs / 2),
    parent: parent?.id ?? null,
  };
}

async function store(made: readonly Made[], to: PostgresStore): Promise<void> {
  for (const { id, tenant, workflow, status, parent } of made) {
    const of = parent === null ? null : { runId: parent, key: 'k#0', epoch: 0, depth: 1 };
    const started = newRun({ head: { id, status, workflow: { tenant, name: workflow, version: 1 }, parent: of } });
    await to.runs.submit([started]);
  }
  await client.query(
    `update run set ended_at = now() - make_interval(secs => u.age / 1000)
      from unnest($1::uuid[], $2::float8[]) as u (id, age) where run.id = u.id and u.age is not null`,
    [made.map(({ id }) => id), made.map(({ ageMs }) => ageMs)],
  );
}

function anyRule(random: SeededRandom): RetentionRule {
  const age = () => (random.chance(0.5) ? null : (1 + random.below(40)) * DAY_MS);
  return { ...KEEP, maxAgeMs: age(), maxCount: random.chance(0.5) ? null : random.below(6), failedMaxAgeMs: age() };
}

type Limit = { rule: RetentionRule; both: boolean; statuses: RunStatus[] | null };

/** Which run is past its limits, said as plainly as can be. */
function isPast(run: Made, all: readonly Made[], { rule, both, statuses }: Limit): boolean {
  if (run.ageMs === null || (statuses && !statuses.includes(run.status))) return false;
  if (run.status === 'failed' && rule.failedMaxAgeMs !== null) return run.ageMs > rule.failedMaxAgeMs;
  const counted = all.filter(
    (one) =>
      one.tenant === run.tenant &&
      one.workflow === run.workflow &&
      one.ageMs !== null &&
      (!statuses || statuses.includes(one.status)) &&
      !(one.status === 'failed' && rule.failedMaxAgeMs !== null) &&
      one.id > run.id,
  );
  const isOld = rule.maxAgeMs === null ? null : run.ageMs > rule.maxAgeMs;
  const isBeyond = rule.maxCount === null ? null : counted.length >= rule.maxCount;
  if (both && isOld !== null && isBeyond !== null) return isOld && isBeyond;
  return isOld === true || isBeyond === true;
}

/** What stays: what is not past, has a child that goes on, or a parent that stays. */
function remaining(all: readonly Made[], limitOf: (run: Made) => Limit | null): string[] {
  const gone = new Set<string>();
  for (let before = -1; before < gone.size;) {
    before = gone.size;
    for (const run of all) {
      const limit = limitOf(run);
      const hasOpenChild = all.some((one) => one.parent === run.id && one.ageMs === null);
      const goesAfterParent = run.parent === null || gone.has(run.parent);
      if (limit && !hasOpenChild && goesAfterParent && isPast(run, all, limit)) gone.add(run.id);
    }
  }
  return all
    .filter(({ id }) => !gone.has(id))
    .map(({ id }) => id)
    .toSorted();
}

async function ids(): Promise<string[]> {
  return (await client.query<{ id: string }>('select id from run order by id')).rows.map(({ id }) => id);
}

const BY_POLICY: PruneRequest = {
  tenant: 'acme',
  workflow: null,
  statuses: null,
  olderThanMs: null,
  keep: null,
  archive: false,
  dryRun: false,
  budgetMs: 60_000,
};

async function prepare(
  random: SeededRandom,
  fallback: RetentionRule | null,
): Promise<{ all: Made[]; stores: PostgresStore }> {
  await client.query('truncate run, run_body, step, retention_policy');
  await client.query(
    `insert into workflow_version (tenant, name, version, hash, document) select t, w, 1, 'h', '{}'
      from unnest($1::text[]) as t, unnest($2::text[]) as w on conflict do nothing`,
    [TENANTS, WORKFLOWS],
  );
  const all: Made[] = [];
  for (let n = 0; n < 40; n++) all.push(makeRun(random, all, n));
  const stores = openStore({ url: database.url, retention: { fallback, archive: null }, onError: () => undefined });
  await store(all, stores);
  return { all, stores };
}

const SEEDS = Array.from({ length: 12 }, (_, n) => n + 1);

test.each(SEEDS)('any policies leave what they say, seed %i', async (seed) => {
  const random = createSeededRandom(seed);
  const fallback = random.chance(0.5) ? null : anyRule(random);
  const { all, stores } = await prepare(random, fallback);
  const policies: RetentionPolicy[] = [null, ...WORKFLOWS].flatMap((workflow) =>
    random.chance(0.5) ? [] : [{ workflow, ...anyRule(random) }],
  );
  for (const policy of policies) await stores.retention.setPolicy('acme', policy);
  const policyOf = (workflow: string | null) => policies.find((policy) => policy.workflow === workflow);
  const ruleOf = (run: Made) => {
    const rule = policyOf(run.workflow) ?? policyOf(null) ?? fallback;
    return run.tenant === 'acme' && rule ? { rule, both: false, statuses: null } : null;
  };
  const wanted = remaining(all, ruleOf);
  const dry = await stores.retention.prune({ ...BY_POLICY, dryRun: true });
  const wet = await stores.retention.prune(BY_POLICY);
  await stores.close();

  expect(await ids()).toEqual(wanted);
  expect(wet).toMatchObject({ runs: all.length - wanted.length, isDone: true });
  expect(dry).toMatchObject({ runs: all.length - wanted.length });
});

test.each(SEEDS)('any request leaves what it says, seed %i', async (seed) => {
  const random = createSeededRandom(1000 + seed);
  const { all, stores } = await prepare(random, null);
  const request = {
    ...BY_POLICY,
    workflow: random.chance(0.5) ? null : 'a',
    statuses: random.chance(0.5) ? null : ENDED.slice(random.below(3)),
    olderThanMs: random.chance(0.3) ? null : random.below(40) * DAY_MS,
    keep: random.below(8),
  };
  const { workflow, statuses, olderThanMs, keep } = request;
  const rule = { ...KEEP, maxAgeMs: olderThanMs, maxCount: keep };
  const wanted = remaining(all, (run) =>
    run.tenant === 'acme' && (workflow === null || run.workflow === workflow) ? { rule, both: true, statuses } : null,
  );
  await stores.retention.prune(request);
  await stores.close();

  expect(await ids()).toEqual(wanted);
});
