/** What can be done to a running stack, by name. Each kills without warning; what was killed is started again. */
import { setTimeout as delay } from 'node:timers/promises';

const DOWN_MS = 2000;

export const FAULTS = {
  worker: (engine) => killOne(engine, 'worker'),
  producer: (engine) => killOne(engine, 'producer'),
  postgres: (engine) => killOne(engine, 'postgres'),
  redis: (engine) => killOne(engine, 'redis'),
  flush: async (engine) => {
    const [redis] = await engine.containers('redis');
    await engine.exec(redis, 'redis-cli', 'flushall');
  },
};

/** Calls the faults one after the other, with a pause before each. Throws if the flood that they are to hit is over. */
export async function strike(engine, names, { everyMs, flood, say }) {
  for (const name of names) {
    await delay(everyMs);
    if (flood.isOver()) throw new Error(`the flood was over before the fault "${name}": ask for more --tasks`);
    say(`fault: ${name}`);
    await FAULTS[name](engine);
  }
}

async function killOne(engine, service) {
  const [id] = await engine.containers(service);
  if (id === undefined) throw new Error(`there is no container of ${service}`);
  await engine.kill(id);
  await delay(DOWN_MS);
  await engine.start(id);
}
