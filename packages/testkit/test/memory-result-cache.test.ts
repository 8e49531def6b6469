import { createFakeClock, createMemoryResultCache } from '@weft/testkit';
import { resultCacheConformance } from '@weft/testkit/conformance/result-cache';

resultCacheConformance('in memory', async () => {
  const clock = createFakeClock();
  return {
    results: createMemoryResultCache(clock),
    async elapse(ms) {
      clock.advance(ms);
    },
    async close() {},
  };
});
