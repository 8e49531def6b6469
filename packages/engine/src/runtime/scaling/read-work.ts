/** How much work waits, and how long what ended lately took. */
import type { Broker, FleetStore, LaneRate, QueuedList, QueueReader } from '../../ports/index.ts';

export type WorkDeps = {
  queue: Pick<QueueReader, 'lists'>;
  broker: Pick<Broker, 'depths'>;
  fleet: Pick<FleetStore, 'list'>;
};

/** Null: all of them. */
export type WorkScope = { tenant: string | null; lanes: readonly string[] | null };

export type Work = {
  /** Tasks that wait for a worker: on the lanes, and in the store for a window of theirs. */
  queueDepth: number;
  /** Tasks that wait for a limit, or for an endpoint that has room. */
  heldBack: number;
  /** From ready to ended; 0 if nothing has ended lately. */
  avgLatencyMs: number;
  tasksPerSecond: number;
};

export async function readWork({ queue, broker, fleet }: WorkDeps, { tenant, lanes }: WorkScope): Promise<Work> {
  const isMeant = (one: { lane: string; tenant: string }) =>
    (tenant === null || one.tenant === tenant) && (lanes === null || lanes.includes(one.lane));
  const [all, workers] = await Promise.all([queue.lists(), fleet.list()]);
  const lists = all.filter(isMeant);
  const offered = lists.filter((list) => list.offered > 0);
  const depths = offered.length === 0 ? [] : await broker.depths(offered);
  const rates = workers.flatMap(({ endedAt, health }) => (endedAt === null ? (health?.rates ?? []) : []));
  return {
    queueDepth: sum(depths) + sum(lists.map(({ waiting, keyed }: QueuedList) => waiting - Math.min(waiting, keyed))),
    heldBack: sum(lists.map(({ keyed }) => keyed)),
    ...pace(rates.filter(isMeant)),
  };
}

/** The mean over all that ended, whichever worker it was. */
function pace(rates: readonly LaneRate[]): Pick<Work, 'avgLatencyMs' | 'tasksPerSecond'> {
  const tasksPerSecond = sum(rates.map(({ perSecond }) => perSecond));
  if (tasksPerSecond === 0) return { avgLatencyMs: 0, tasksPerSecond };
  const weighted = sum(rates.map(({ perSecond, latencyMs = 0 }) => perSecond * latencyMs));
  return {
    avgLatencyMs: Math.round(weighted / tasksPerSecond),
    tasksPerSecond: Math.round(tasksPerSecond * 100) / 100,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
