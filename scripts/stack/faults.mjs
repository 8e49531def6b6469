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

/**
 * Calls the faults one after the other, evenly over the flood: `onProgress` is told how much of it is done, `settled`
 * waits for those that are under way.
 */
export function planFaults(engine, names, { total, say }) {
  const waiting = names.map((name, index) => ({ name, at: Math.floor((total * (index + 1)) / (names.length + 1)) }));
  let last = Promise.resolve();
  const strike = async ({ name, at }) => {
    say(`fault: ${name}, after ${at} of ${total} submissions`);
    await FAULTS[name](engine);
  };
  return {
    onProgress(done) {
      while (waiting.length > 0 && done >= waiting[0].at) {
        const fault = waiting.shift();
        last = last.then(() => strike(fault));
        last.catch(() => {});
      }
    },
    settled: () => last,
  };
}

async function killOne(engine, service) {
  const [id] = await engine.containers(service);
  if (id === undefined) throw new Error(`there is no container of ${service}`);
  await engine.kill(id);
  await delay(DOWN_MS);
  await engine.start(id);
}
