/** The store of runs as a process sees it: the way that settles take to Postgres, over rows in memory. */
import type { RunChange, RunStore, Settlement } from '@weft/engine/ports';

import { copy } from '@weft/testing/rows';

import { fitsOneStatement } from '../../packages/postgres/src/queries/settle-remembered.ts';
import { overConnection, safely, toStore } from './port-client.ts';
import type { Services } from './services.ts';
import type { SimProcess } from './sim-process.ts';
import type { World } from './world.ts';

type Means = {
  world: World;
  process: SimProcess;
  services: Services;
  /** Called after these runs may have changed. */
  onChange: (runIds: readonly string[]) => void;
};

export function createStoreClient(means: Means): RunStore {
  const { world, process, services, onChange } = means;
  const { store } = services.stores;
  const link = toStore('runs');
  const mail = overConnection<RunStore>(world, process, {
    target: () => noting(services, store),
    link,
    methods: ['sendMail', 'dropMail', 'usedKey'],
  });
  return {
    ...mail,
    submit: (runs) =>
      world.call(process, {
        name: 'runs.submit',
        detail: runs.map(({ head, idempotency }) => `${head.id} ${idempotency?.key ?? ''}`).join(', '),
        broken: link.broken,
        run: async () => {
          const submissions = await safely(world, 'runs.submit', () => store.submit(runs));
          onChange(runs.map(({ head }) => head.id));
          return submissions;
        },
      }),
    settle: (changes, options) => settle(means, changes, options),
  };
}

/** As they are remembered, with one statement; then the others, under their locks. */
async function settle(means: Means, changes: readonly RunChange[], options: { wait: boolean }): Promise<Settlement[]> {
  const settled = await settleAsRemembered(means, changes);
  const others = changes.filter(({ runId }) => !settled.has(runId));
  if (others.length > 0) for (const one of await settleUnderLocks(means, others, options)) settled.set(one.runId, one);
  return changes.flatMap(({ runId }) => settled.get(runId) ?? []);
}

/** The decision is made before anything is sent. */
async function settleAsRemembered(
  { world, process, services, onChange }: Means,
  changes: readonly RunChange[],
): Promise<Map<string, Settlement>> {
  const now = services.clock.now();
  const plans = changes.flatMap((change) => {
    const { remembered: snapshot } = change;
    if (!snapshot) return [];
    const verdict = change.decide({ snapshot, now });
    const fits = verdict.kind === 'planned' && fitsOneStatement(snapshot.head, verdict.plan);
    return fits ? [{ head: snapshot.head, plan: verdict.plan, snapshot, now }] : [];
  });
  if (plans.length === 0) return new Map();
  const written = await world.call(process, {
    name: 'runs.settleRemembered',
    detail: plans.map(({ head }) => `${head.id}@${head.step}`).join(', '),
    broken: toStore('runs').broken,
    run: async () => {
      const ids = await safely(world, 'runs.settleRemembered', async () => services.stores.settleRemembered(plans));
      onChange([...ids]);
      return ids;
    },
  });
  const settled = plans.filter(({ head }) => written.has(head.id));
  return new Map(
    settled.map(({ head: { id }, plan, snapshot }) => [
      id,
      { runId: id, kind: 'settled', plan, snapshot, asRemembered: true },
    ]),
  );
}

function settleUnderLocks(
  { world, process, services, onChange }: Means,
  changes: readonly RunChange[],
  { wait }: { wait: boolean },
): Promise<Settlement[]> {
  return world.call(process, {
    name: 'runs.settle',
    detail: changes.map(({ runId }) => runId).join(', '),
    broken: toStore('runs').broken,
    run: async () => {
      const locked = new Set(changes.filter(() => !wait && world.faults.strikes('locked', 0.1)));
      const free = changes.filter((change) => !locked.has(change));
      const settled = await safely(world, 'runs.settle', () => services.stores.store.settle(free, { wait }));
      onChange(free.map(({ runId }) => runId));
      const skipped = Array.from(locked, ({ runId }): Settlement => ({ runId, kind: 'locked' }));
      return [...settled.map(received), ...skipped];
    },
  });
}

/** What has come over a connection is the caller's own: it may change it. */
function received(settlement: Settlement): Settlement {
  return settlement.kind === 'settled' ? { ...settlement, snapshot: copy(settlement.snapshot) } : settlement;
}

/** The store, with an account of the letters that it has taken in. */
function noting(services: Services, store: RunStore): RunStore {
  return {
    ...store,
    async sendMail(runId, mail, key) {
      const isSent = await store.sendMail(runId, mail, key);
      services.noteMail(runId, mail);
      return isSent;
    },
  };
}
