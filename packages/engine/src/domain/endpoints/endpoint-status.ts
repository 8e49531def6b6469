import type { Circuit, EndpointStatus } from '@weft/contract';

type Condition = { isDraining: boolean; isHealthy: boolean | null; circuit: Circuit };

/** One word for how an endpoint is: what somebody has decided, then what its health check and its circuit say. */
export function endpointStatus({ isDraining, isHealthy, circuit }: Condition): EndpointStatus {
  if (isDraining) return 'draining';
  if (isHealthy === false) return 'dead';
  return circuit === 'open' ? 'open' : 'active';
}

/** So many health checks must fail in a row. */
const FAILURES_OF_THE_DEAD = 3;

/** What an endpoint is after a health check: one success brings it back to life. `failures` in a row, before this one. */
export function afterProbe(
  { isHealthy, failures }: { isHealthy: boolean | null; failures: number },
  hasAnswered: boolean,
): { isHealthy: boolean | null; failures: number } {
  if (hasAnswered) return { isHealthy: true, failures: 0 };
  return { isHealthy: failures + 1 >= FAILURES_OF_THE_DEAD ? false : isHealthy, failures: failures + 1 };
}
