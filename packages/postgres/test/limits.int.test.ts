import type { WorkflowDocument } from '@weft/contract';
import { createMemoryBroker, createMemoryRateLimiter } from '@weft/embedded';
import type { Executor, Limit } from '@weft/engine/ports';
import { createRig, createTestDatabase } from '@weft/testkit';
import type { Rig, RigOptions } from '@weft/testkit';
import { describe, expect, onTestFinished, test, vi } from 'vitest';

const NO_LIMIT: Limit = { maxConcurrent: null, rate: null };
const PATIENCE = { timeout: 30_000, interval: 5 };

/** Counts who is at work at once. Nobody ends before so many are, however busy the machine is. */
function counting(atOnce = 1) {
  const seen = { now: 0, most: 0, begun: 0 };
  const full = Promise.withResolvers<void>();
  const run: Executor['run'] = async () => {
    seen.now += 1;
    seen.begun += 1;
    seen.most = Math.max(seen.most, seen.now);
    if (seen.now === atOnce) full.resolve();
    await full.promise;
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(resolve, 5);
    await promise;
    seen.now -= 1;
    return { kind: 'succeeded', output: null };
  };
  return { seen, run };
}

/** Tasks that stay at work until they are let go. */
function held() {
  const open: (() => void)[] = [];
  const run: Executor['run'] = async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    open.push(resolve);
    await promise;
    return { kind: 'succeeded', output: null };
  };
  const letGo = () => {
    for (const end of open.splice(0)) end();
  };
  return { open, run, letGo };
}

const single = (lane?: string): WorkflowDocument => {
  return { name: 'single', nodes: { work: { type: 'task', uses: 'work', ...(lane && { lane }) } } };
};

const fan = (width: number): WorkflowDocument => {
  const names = Array.from({ length: width }, (_, n) => `n${n}`);
  return { name: 'fan', nodes: Object.fromEntries(names.map((name) => [name, { type: 'task', uses: 'work' }])) };
};

async function newDatabase(): Promise<string> {
  const database = await createTestDatabase();
  onTestFinished(() => database.drop());
  return database.url;
}

async function openRig(options: RigOptions): Promise<Rig> {
  const rig = await createRig(options);
  onTestFinished(() => rig.stop());
  return rig;
}

/** Processes of one mesh: each with an engine and a worker of its own. */
async function openMesh(count: number, options: Omit<RigOptions, 'url' | 'broker' | 'rates'>): Promise<Rig[]> {
  const url = await newDatabase();
  const shared = { url, broker: createMemoryBroker(), rates: createMemoryRateLimiter() };
  return Promise.all(Array.from({ length: count }, () => openRig({ ...options, ...shared })));
}

/** Lets all of them hear of what has changed: a round that was under way may have looked before. */
async function hear(...rigs: Rig[]): Promise<void> {
  const twice = async ({ engine: { sweeper } }: Rig) => {
    await sweeper.sweep();
    await sweeper.sweep();
  };
  await Promise.all(rigs.map(twice));
}

const limitTo = (rig: Rig, limit: Partial<Limit>, weight = 1) => {
  return rig.store.limits.setTenant('default', { ...NO_LIMIT, ...limit, weight });
};

describe('limits of a tenant', () => {
  test('A1: no more tasks are at work than the limit says, with several processes, and all of them end', async () => {
    const { seen, run } = counting(4);
    const rigs = await openMesh(3, { executors: { work: run }, slots: 20 });
    const [rig] = rigs as [Rig];
    await limitTo(rig, { maxConcurrent: 4 });
    await hear(...rigs);
    const runs = await Promise.all(rigs.flatMap((one) => [one.start(fan(20)), one.start(single())]));
    await Promise.all(runs.map((id) => rig.ended(id)));

    expect(seen.begun).toBe(63);
    expect(seen.most).toBe(4);
  });

  test('A1: what was on its way before there was a limit counts in it', async () => {
    const { open, run, letGo } = held();
    const [rig] = (await openMesh(1, { executors: { work: run } })) as [Rig];
    const before = await rig.start(fan(3));
    await vi.waitUntil(() => open.length === 3, PATIENCE);
    await limitTo(rig, { maxConcurrent: 4 });
    await hear(rig);
    const after = await rig.start(fan(5));
    await vi.waitUntil(() => open.length === 4, PATIENCE);
    await hear(rig);
    expect(open).toHaveLength(4);
    letGo();
    await vi.waitUntil(() => open.length > 0, PATIENCE);
    let ended = false;
    const end = Promise.all([rig.ended(before), rig.ended(after)]).then(() => (ended = true));
    await vi.waitUntil(() => {
      letGo();
      return ended;
    }, PATIENCE);
    await end;
  });

  test('A1: a limit that is raised, lowered or taken away leaves no task behind', async () => {
    const { open, run, letGo } = held();
    const [rig] = (await openMesh(1, { executors: { work: run } })) as [Rig];
    await limitTo(rig, { maxConcurrent: 1 });
    await hear(rig);
    const id = await rig.start(fan(12));
    await vi.waitUntil(() => open.length === 1, PATIENCE);
    await limitTo(rig, { maxConcurrent: 3 });
    await vi.waitUntil(() => open.length === 3, PATIENCE);
    await limitTo(rig, { maxConcurrent: 2 });
    await hear(rig);
    letGo();
    await vi.waitUntil(() => open.length === 2, PATIENCE);
    await limitTo(rig, {});
    await vi.waitUntil(() => open.length === 9, PATIENCE);
    letGo();

    expect((await rig.ended(id)).head.status).toBe('succeeded');
  });

  test('A1: a limit of 0 holds everything back until it is raised', async () => {
    const { seen, run } = counting();
    const [rig] = (await openMesh(1, { executors: { work: run } })) as [Rig];
    await limitTo(rig, { maxConcurrent: 0 });
    await hear(rig);
    const id = await rig.start(fan(2));
    await hear(rig);
    expect(seen.begun).toBe(0);
    await limitTo(rig, { maxConcurrent: 1 });
    await rig.ended(id);
  });

  test('A1: tasks begin no sooner than the rate lets them', async () => {
    const starts: number[] = [];
    const run: Executor['run'] = async () => {
      starts.push(performance.now());
      return { kind: 'succeeded', output: null };
    };
    const [rig] = (await openMesh(2, { executors: { work: run } })) as [Rig];
    await limitTo(rig, { rate: { count: 20, perMs: 1000, burst: 2 } });
    await hear(rig);
    const before = performance.now();
    await rig.ended(await rig.start(fan(10)));

    expect(starts).toHaveLength(10);
    // Two at once, and then one every 50 ms; any of them may be late.
    expect((starts.at(-1) ?? 0) - before).toBeGreaterThan(390);
  });

  test('A1: tasks for a lane that nobody serves take no places from others', async () => {
    const { seen, run } = counting();
    const [rig] = (await openMesh(1, { executors: { work: run } })) as [Rig];
    await limitTo(rig, { maxConcurrent: 2 });
    await hear(rig);
    await Promise.all([rig.start(single('nobody')), rig.start(single('nobody')), rig.start(single('nobody'))]);
    await rig.ended(await rig.start(fan(4)));

    expect(seen.begun).toBe(4);
  });
});

describe('limits of keys', () => {
  const keyed = (account: string): WorkflowDocument => {
    const node = { type: 'task', uses: 'work', concurrencyKey: 'account:{{ input.account }}', with: account } as const;
    return {
      name: `keyed-${account}`,
      nodes: { first: { type: 'task', uses: 'echo' }, work: { ...node, needs: ['first'] } },
    };
  };

  test('A1: each key has places of its own, and neither tasks with another key nor those without wait for it', async () => {
    const now = new Map<string, number>();
    const most = new Map<string, number>();
    // Nobody ends before all places are taken, however busy the machine is.
    const full = Promise.withResolvers<void>();
    const run: Executor['run'] = async ({ input }) => {
      const account = input as string;
      now.set(account, (now.get(account) ?? 0) + 1);
      most.set(account, Math.max(most.get(account) ?? 0, now.get(account) ?? 0));
      await full.promise;
      await new Promise((resolve) => setTimeout(resolve, 5));
      now.set(account, (now.get(account) ?? 0) - 1);
      return { kind: 'succeeded', output: null };
    };
    const blocked = held();
    const rigs = await openMesh(2, { executors: { work: run, blocked: blocked.run } });
    const [rig] = rigs as [Rig];
    await rig.store.limits.setKey('default', 'account:*', { maxConcurrent: 2, rate: null });
    await rig.store.limits.setKey('default', 'account:b', { maxConcurrent: 1, rate: null });
    await rig.store.limits.setKey('default', 'stuck', { maxConcurrent: 1, rate: null });
    await hear(...rigs);
    const stuck: WorkflowDocument = {
      name: 'stuck',
      nodes: { work: { type: 'task', uses: 'blocked', concurrencyKey: 'stuck' } },
    };
    await Promise.all([rig.start(stuck), rig.start(stuck), rig.start(stuck)]);
    await vi.waitUntil(() => blocked.open.length === 1, PATIENCE);
    const starts = ['a', 'b', 'c'].flatMap((account) => Array.from({ length: 8 }, () => account));
    const ids = await Promise.all(starts.map((account) => rig.start(keyed(account), { input: { account } })));
    await vi.waitUntil(() => ['a', 'b', 'c'].map((account) => now.get(account)).join() === '2,1,2', PATIENCE);
    full.resolve();
    ids.push(await rig.start(single()));
    await Promise.all(ids.map((id) => rig.ended(id)));

    expect(Object.fromEntries(['a', 'b', 'c'].map((account) => [account, most.get(account)]))).toEqual({
      a: 2,
      b: 1,
      c: 2,
    });
    expect(blocked.open).toHaveLength(1);
  });

  test('A1: a key that cannot be made out fails its task', async () => {
    const [rig] = (await openMesh(1, {})) as [Rig];
    const node = { type: 'task', uses: 'echo', concurrencyKey: '${input.account}' } as const;
    const run = await rig.run({ name: 'bad-key', nodes: { work: node } }, { input: { account: [] } });

    expect(run.error?.code).toBe('bad_concurrency_key');
  });
});

describe('paused lanes', () => {
  test('A1: nothing is begun on a paused lane until it is resumed; what waited there goes on', async () => {
    const { open, run, letGo } = held();
    const [rig, other] = (await openMesh(2, { executors: { work: run }, slots: 1 })) as [Rig, Rig];
    const first = await Promise.all([rig.start(single()), rig.start(single())]);
    await vi.waitUntil(() => open.length === 2, PATIENCE);
    // One is on the lane already, one is not offered any more.
    const waiting = [await rig.start(single())];
    await rig.store.limits.pauseLane('default');
    await hear(rig, other);
    waiting.push(await other.start(single()));
    letGo();
    await Promise.all(first.map((id) => rig.ended(id)));
    await hear(rig, other);
    expect(open).toHaveLength(0);
    await rig.store.limits.resumeLane('default');
    await vi.waitUntil(() => open.length === 2, PATIENCE);
    letGo();
    await Promise.all(waiting.map((id) => rig.ended(id)));
  });
});
