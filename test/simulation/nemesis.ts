/** What happens to whole processes, and to the broker, while there are faults. */
import type { SimMesh } from './mesh.ts';
import type { World } from './world.ts';

const ROUND_MS = 300;
const PAUSE_MS = 20_000;
const CORDON_MS = 5000;
/** So probable it is in one round that a fault of these kinds happens. */
const RATES = { crash: 0.05, killAll: 0.02, pause: 0.04, wipe: 0.04, deploy: 0.05, cordon: 0.05 };

export function startNemesis(world: World, mesh: SimMesh, untilMs: number): void {
  const { random, agenda, faults } = world;
  function round(): void {
    if (agenda.now >= untilMs) {
      end(world, mesh);
      return;
    }
    const machine = random.pick(mesh.machines);
    if (faults.strikes('crash', RATES.crash)) mesh.crash(machine, 'kill -9');
    if (faults.strikes('killAll', RATES.killAll)) for (const one of mesh.machines) mesh.crash(one, 'kill -9 of all');
    if (faults.strikes('wipe', RATES.wipe)) mesh.services.wipe();
    if (faults.strikes('deploy', RATES.deploy)) void mesh.deploy(random.pick(mesh.machines));
    if (faults.strikes('cordon', RATES.cordon)) cordon(world, mesh);
    if (faults.strikes('pause', RATES.pause)) pause(world, mesh);
    mesh.revive();
    agenda.after(ROUND_MS, null, round);
  }
  agenda.after(ROUND_MS, null, round);
}

function pause(world: World, mesh: SimMesh): void {
  const process = world.random.pick(mesh.machines).running?.process;
  if (!process?.isAlive) return;
  const ms = world.random.below(PAUSE_MS);
  world.note(process.name, `is frozen for ${ms} ms`);
  process.pausedUntil = world.agenda.now + ms;
}

/** A worker takes on nothing for a while. */
function cordon(world: World, mesh: SimMesh): void {
  const worker = world.random.pick(mesh.machines.filter(({ isWorker }) => isWorker));
  const process = worker.running?.process;
  if (!process?.isAlive) return;
  const ms = world.random.below(CORDON_MS);
  world.note(process.name, `is cordoned for ${ms} ms`);
  void mesh.services.fleet.want(process.name, 'cordoned');
  world.agenda.after(ms, null, () => void liftCordons(mesh, process.name));
}

/** One that was declared dead meanwhile goes on under another name, and is cordoned still. */
async function liftCordons({ services: { fleet } }: SimMesh, name = ''): Promise<void> {
  for (const { id } of await fleet.list()) if (id.startsWith(name)) await fleet.want(id, 'active');
}

/** From now on nothing goes wrong: what is dead comes back, what is frozen goes on when its time has come. */
function end(world: World, mesh: SimMesh): void {
  world.note('world', 'faults are over');
  world.faults.end();
  function keepAlive(): void {
    mesh.revive();
    void liftCordons(mesh);
    world.agenda.after(ROUND_MS, null, keepAlive);
  }
  keepAlive();
}
