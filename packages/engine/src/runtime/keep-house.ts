/** Keeps the store in order: its chores are done by whichever process of the fleet has the turn. */
import { STORE_CHORES } from '../ports/index.ts';
import type { StoreChore } from '../ports/index.ts';
import type { EngineDeps } from './deps.ts';
import type { Probes } from './endpoints/probe-endpoints.ts';
import { evaluateScaling } from './scaling/evaluate-scaling.ts';
import { collectArtifacts } from './artifacts/collect-artifacts.ts';
import type { ArtifactDeps } from './artifacts/artifacts.ts';
import { repeat } from './repeat.ts';

type HousekeepingDeps = Pick<
  EngineDeps,
  'housekeeping' | 'dispatch' | 'retention' | 'mesh' | 'queue' | 'broker' | 'fleet' | 'clock' | 'log'
> &
  ArtifactDeps & { probes: Probes };

const HOUR_MS = 3_600_000;
/** Deletes what the policies let go. It has no turn of its own in the store, since it may take long. */
const RETENTION = 'retention';
/** Takes away artifacts that nothing refers to; after retention, which takes what refers to them. */
const ARTIFACTS = 'artifacts';
/** Asks endpoints whether they are there: those whose time has come. */
const PROBES = 'endpoint health';
/** Decides whether there shall be more workers or fewer. */
const SCALING = 'scaling';
const CHORES = [
  ...[...STORE_CHORES, RETENTION, ARTIFACTS].map((name) => ({ name, everyMs: HOUR_MS })),
  { name: PROBES, everyMs: 2000 },
  { name: SCALING, everyMs: 10_000 },
];
/** How often a process looks whether the chores still have their turns: what keeps them may have lost all it knew. */
const LOOK_EVERY_MS = 10_000;

/** Takes part in housekeeping until the returned function is called. */
export function keepHouse(deps: HousekeepingDeps): () => void {
  const { housekeeping, log } = deps;
  const what = 'asking for the turns of the chores';
  const look = () => housekeeping.keep(CHORES);
  look().catch((error: unknown) => log.warn({ err: error }, `${what} failed`));
  const ends = [
    housekeeping.onTurn((name) => doChore(deps, name)),
    repeat(deps, { everyMs: LOOK_EVERY_MS, what, work: look }),
    () => deps.probes.stop(),
  ];
  return () => {
    for (const end of ends) end();
  };
}

async function doChore(deps: HousekeepingDeps, name: string): Promise<void> {
  const { probes, log } = deps;
  if (name === PROBES) return probeSafely(probes, log);
  if (name === SCALING) return decideSafely(deps);
  // A process of another version may have asked for it.
  if (!isStoreChore(name) && name !== RETENTION && name !== ARTIFACTS) return;
  try {
    const done = await keep(deps, name);
    log.info({ chore: name, ...done }, 'a chore is done');
  } catch (error) {
    log.warn({ err: error, chore: name }, 'a chore failed; it has its next turn');
  }
}

function keep(deps: HousekeepingDeps, name: StoreChore | typeof RETENTION | typeof ARTIFACTS): Promise<object | void> {
  if (name === RETENTION) return deps.retention.enforce();
  if (name === ARTIFACTS) return collectArtifacts(deps, { now: deps.clock.now() });
  return deps.dispatch.maintain(name);
}

/** It has its turn too often to be told of each. */
async function probeSafely(probes: Probes, log: HousekeepingDeps['log']): Promise<void> {
  await probes.probe().catch((error: unknown) => log.warn({ err: error }, 'the health checks of endpoints failed'));
}

async function decideSafely({ mesh, queue, log, ...deps }: HousekeepingDeps): Promise<void> {
  if (!mesh || !queue) return;
  const failed = (error: unknown) => log.warn({ err: error }, 'could not decide about scaling');
  await evaluateScaling({ ...deps, mesh, queue }).catch(failed);
}

function isStoreChore(name: string): name is StoreChore {
  return STORE_CHORES.some((chore) => chore === name);
}
