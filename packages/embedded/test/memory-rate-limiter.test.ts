import { createMemoryRateLimiter } from '@weft/embedded';
import { rateLimiterConformance } from '@weft/testkit/conformance/rate-limiter';

rateLimiterConformance('in memory', () => {
  const limiter = createMemoryRateLimiter();
  return { limiter, other: limiter };
});
