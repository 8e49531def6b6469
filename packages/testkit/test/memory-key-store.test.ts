import { createFakeClock, createMemoryKeyStore } from '../src/index.ts';
import { keyStoreConformance } from '../src/conformance/key-store.ts';

keyStoreConformance('in memory', async () => {
  const clock = createFakeClock();
  return {
    keys: createMemoryKeyStore(clock),
    elapse: async (ms) => clock.advance(ms),
    close: async () => undefined,
  };
});
