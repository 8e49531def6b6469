/** One seed: its world, from the beginning until nothing moves any more and everything was checked. */
import { Client } from './client.ts';
import { SimMesh } from './mesh.ts';
import { startNemesis } from './nemesis.ts';
import { Workload } from './workload.ts';
import type { Acked } from './workload.ts';
import { World } from './world.ts';

export type Result = {
  seed: number;
  hash: string;
  violations: string[];
  /** Port calls, and virtual milliseconds. */
  calls: number;
  ms: number;
  runs: number;
  faults: string;
  trace: string[];
};

const FAULTS_MS = 10_000;
/** How long after the faults everything must have come to rest, and been ended: dead workers are waited for meanwhile. */
const REST_MS = 150_000;

/** `faults`: no others than these; null: some that the seed chooses. */
export async function runSeed(seed: number, faults: readonly string[] | null = null): Promise<Result> {
  const world = new World(seed, faults);
  const mesh = new SimMesh(world);
  const client = new Client(world, mesh);
  const workload = new Workload(world, mesh, client);
  startNemesis(world, mesh, FAULTS_MS);
  let isAnswered = false;
  const tell = async (work: Promise<void>): Promise<void> => {
    await work;
    isAnswered = true;
  };
  world.agenda.after(0, client.process, () => void tell(workload.run()));
  await go(world, () => isAnswered && mesh.invariants.isQuiet());
  if (world.violations.length === 0) {
    isAnswered = false;
    world.agenda.after(0, client.process, () => void tell(workload.end()));
    await go(world, () => isAnswered && mesh.invariants.isQuiet());
  }
  if (world.violations.length === 0) judge(world, mesh, workload);
  const { violations, calls, trace } = world;
  const { hash, lines } = trace;
  const runs = mesh.services.stores.runs.size;
  return { seed, hash, violations, calls, ms: world.agenda.now, runs, faults: world.faults.describe(), trace: lines };

  /** Lets the world go on until this holds. */
  async function go(one: World, until: () => boolean): Promise<void> {
    const deadline = one.agenda.now + FAULTS_MS + REST_MS;
    for (let steps = 0; one.violations.length === 0; steps++) {
      if (steps % 20 === 0 && until()) return;
      const goesOn = await one.agenda.step();
      if (!goesOn || one.agenda.now > deadline) {
        one.violate(
          `the world does not come to rest (answered: ${isAnswered}): ${mesh.invariants.restless().join('\n')}`,
        );
        return;
      }
    }
  }
}

function judge(world: World, mesh: SimMesh, { acked, cancelled, startKeys, signals }: Workload): void {
  const { runs } = mesh.services.stores;
  const roots = Array.from(runs.values()).filter(({ rows }) => rows.head.parent === null);
  if (roots.length > startKeys.size) world.violate(`${startKeys.size} keys have started ${roots.length} runs`);
  for (const signal of signals) {
    const letters = mesh.services.lettersOf(signal).size;
    if (letters > 1) world.violate(`${signal} was sent once under its key, and came ${letters} times`);
  }
  mesh.invariants.check(runs.keys());
  mesh.invariants.checkEffects(mesh.effects);
  judgeAcked(world, acked, (runId) => runs.has(runId));
  for (const runId of cancelled)
    if (!runs.get(runId)?.rows.steps.some(({ type }) => type === 'cancelled'))
      world.violate(`run ${runId} was said to be cancelled, and was not`);
  if (!world.faults.isFree) return;
  mesh.invariants.checkFaultless(mesh.effects);
  for (const { sweeper } of mesh.engines)
    for (const [what, count] of Object.entries(sweeper.repairs))
      if (count > 0) world.violate(`without any fault ${count} ${what} had to be repaired`);
}

/** Guarantees 1 and 6: what was answered for is there, and one key is one run. */
function judgeAcked(world: World, acked: readonly Acked[], exists: (runId: string) => boolean): void {
  const byKey = new Map<string, string>();
  for (const { key, runId } of acked) {
    if (!exists(runId)) world.violate(`run ${runId} was answered for, and is lost`);
    if ((byKey.get(key) ?? runId) !== runId) world.violate(`the key ${key} has started two runs`);
    byKey.set(key, runId);
  }
}
