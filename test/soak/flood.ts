/** Keeps so many programs under way until it is told to stop. */
import type { SeededRandom } from '@weft/testkit';

import type { History } from './history.ts';
import { PatientClient } from './patient-client.ts';
import { programOf } from './program.ts';
import { streamOf } from './random.ts';
import { runProgram } from './run-program.ts';
import { openTenants } from './tenants.ts';
import type { World } from './world.ts';

export type Flood = {
  /** How many programs were begun. */
  readonly begun: number;
  /** Begins no more. */
  stop(): void;
  /** Resolves when all that were begun have ended, or were given up. Throws what no client may meet. */
  over: Promise<void>;
  giveUp(): void;
};

type FloodOptions = { seed: number; clients: number; deadAfterMs: number; world: World; history: History };

export async function startFlood({ seed, clients, deadAfterMs, world, history }: FloodOptions): Promise<Flood> {
  const givenUp = new AbortController();
  const tenants = await openTenants({ world, history, deadAfterMs, giveUp: givenUp.signal });
  let stopped = false;
  let begun = 0;
  const client = (random: SeededRandom): PatientClient =>
    new PatientClient({ clients: world.clients, history, random });
  const loop = async (n: number): Promise<void> => {
    const driver = { client: client(streamOf(seed, 'client', n)), history, giveUp: givenUp.signal };
    while (!stopped) {
      begun += 1;
      const program = programOf(seed, begun);
      await (program.tenant === 'default' ? runProgram(driver, program) : tenants.run(program));
    }
  };
  const all = async (): Promise<void> => {
    try {
      await Promise.all(Array.from({ length: clients }, (_, n) => loop(n)));
    } finally {
      await tenants.close();
    }
  };
  return {
    get begun() {
      return begun;
    },
    stop: () => void (stopped = true),
    over: all(),
    giveUp: () => givenUp.abort(),
  };
}
