import { setTimeout as pause } from 'node:timers/promises';

import type { WorkflowDocument } from '@weft/contract';
import type { PruneRequest } from '@weft/engine/ports';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { createRetentionRig, DAY_MS, KEEP, until } from './retention-rig.ts';
import type { RetentionRig } from './retention-rig.ts';

const PATIENCE_MS = 120_000;

let it: RetentionRig;

beforeEach(async () => {
  it = await createRetentionRig({
    executors: {
      slow: async ({ input }) => {
        await pause(40);
        return { kind: 'succeeded', output: input };
      },
    },
  });
}, PATIENCE_MS);

afterEach(() => it.stop(), PATIENCE_MS);

const ECHO = { name: 'echo', nodes: { a: { type: 'task', uses: 'echo', with: {} } } } as WorkflowDocument;

/** Counts its rounds in the state; each takes a while. */
const LOOP = {
  name: 'loop',
  state: { n: { type: 'number', reducer: 'add', default: 0 } },
  maxSteps: 1000,
  nodes: {
    work: { type: 'task', uses: 'slow', with: { n: '${state.n}' } },
    count: { type: 'transform', updates: { n: 1 }, needs: ['work'] },
    more: {
      type: 'route',
      on: "state.n < input.rounds ? 'yes' : 'no'",
      routes: { yes: 'work', no: 'done' },
      needs: ['count'],
    },
    done: { type: 'task', uses: 'echo', with: { n: '${state.n}' } },
  },
} as unknown as WorkflowDocument;

const ALL: PruneRequest = {
  tenant: 'default',
  workflow: null,
  statuses: null,
  olderThanMs: null,
  keep: 0,
  archive: false,
  dryRun: false,
  budgetMs: 100_000,
};

async function started(document: WorkflowDocument, count: number, daysAgo: number, input = {}): Promise<string[]> {
  it.backdate(daysAgo * DAY_MS);
  const ids = await Promise.all(Array.from({ length: count }, () => it.rig.start(document, { input })));
  it.backdate(0);
  return ids;
}

/** Ended runs of that day, as they are found later. */
async function ended(count: number, daysAgo: number): Promise<string[]> {
  const ids = await started(ECHO, count, daysAgo);
  await Promise.all(ids.map((id) => it.rig.ended(id)));
  await it.age(daysAgo * DAY_MS, ids);
  return ids;
}

test(
  'weeks of which all runs go are dropped, whole, with their partitions of all tables',
  async () => {
    const before = await it.partitions('task');
    await ended(20, 50);
    await ended(20, 40);
    const young = await ended(2, 1);
    await it.open().retention.setPolicy('default', { ...KEEP, workflow: null, maxAgeMs: 28 * DAY_MS });
    const enforced = await it.open().retention.enforce();

    expect(enforced).toMatchObject({ kind: 'pruned', runs: 40, isDone: true });
    expect(await it.ids()).toEqual(young.toSorted());
    for (const table of ['run', 'task', 'step', 'send_chunk']) {
      const left = await it.partitions(table);
      expect(left.length).toBeLessThan(before.length - 3);
    }
    // An id of long ago still has its place.
    expect(await ended(1, 365)).toHaveLength(1);
  },
  PATIENCE_MS,
);

test(
  'a run that has not ended is moved, and goes on',
  async () => {
    const ask = { name: 'ask', nodes: { q: { type: 'interrupt', message: 'Go on?' } } } as WorkflowDocument;
    const [straggler = ''] = await started(ask, 1, 50);
    await until(async () => (await it.rig.store.reader.run('default', straggler))?.head.status === 'interrupted');
    await ended(20, 50);
    await ended(20, 43);
    const before = await it.partitions('run');
    expect(await it.open().retention.prune(ALL)).toMatchObject({ runs: 40 });
    expect((await it.partitions('run')).length).toBeLessThan(before.length);
    expect(await it.ids()).toEqual([straggler]);

    const [question] = await it.rig.store.reader.questions({ tenant: 'default', limit: 1, afterId: null });
    const answers = { [question?.id ?? '']: true };
    await it.rig.engine.resumeRun({ tenant: 'default', runId: straggler, answers, stateUpdates: null, by: null });
    await it.rig.ended(straggler);
    expect((await it.rig.tasks(straggler))['q#0']?.output).toBe(true);
  },
  PATIENCE_MS,
);

test(
  'runs that are being settled while their week is dropped lose nothing, and nobody is refused',
  async () => {
    const rounds = 60;
    const stragglers = await started(LOOP, 2, 50, { rounds });
    const load = new AbortController();
    const flood = (async () => {
      const ids: string[] = [];
      while (!load.signal.aborted) ids.push((await it.rig.run(ECHO)).head.id);
      return ids;
    })();
    let dropped = 0;
    for (let round = 0; round < 2; round++) {
      await ended(5, 50);
      await ended(5, 43 - 7 * round);
      const before = (await it.partitions('run')).length;
      await it.open().retention.prune({ ...ALL, workflow: 'echo', olderThanMs: DAY_MS });
      const areAtWork = (await it.rig.store.reader.counts()).runs['running'] ?? 0;
      if (areAtWork >= stragglers.length) dropped += before - (await it.partitions('run')).length;
    }
    load.abort();
    const young = await flood;
    const done = await Promise.all(stragglers.map((id) => it.rig.ended(id)));

    expect(dropped).toBeGreaterThan(0);
    expect(done.map(({ head, error }) => error ?? head.status)).toEqual(stragglers.map(() => 'succeeded'));
    for (const id of stragglers) {
      const last = Object.values(await it.rig.tasks(id)).find(({ node }) => node === 'done');
      expect(last?.output).toEqual({ n: rounds });
    }
    expect(await it.ids()).toEqual([...stragglers, ...young].toSorted());
  },
  PATIENCE_MS,
);

test(
  'what was retried between the mark and the drop stays',
  async () => {
    const old = await ended(20, 50);
    const [retried = ''] = old;
    await ended(20, 43);
    // As a retry leaves it, which has begun and ended since.
    const store = it.open();
    await it.client.query('begin');
    await it.client.query('lock table only run in row exclusive mode');
    const pruning = store.retention.prune(ALL);
    await until(async () => {
      const { rows } = await it.client.query<{ n: number }>(
        `select count(*)::int as n from pg_locks where not granted and relation = 'run'::regclass`,
      );
      return (rows[0]?.n ?? 0) > 0;
    });
    await it.client.query('update run set ended_at = now() where id = $1', [retried]);
    await it.client.query('commit');
    const pruned = await pruning;

    expect(pruned).toMatchObject({ kind: 'pruned' });
    expect(await it.ids()).toEqual([retried]);
  },
  PATIENCE_MS,
);
