/**
 * Health checks: whoever has the turn asks those that are due. What was seen is kept in the store, so a turn may go to
 * another process each time, and two at once ask nobody twice.
 */
import { afterProbe } from '../../domain/endpoints/endpoint-status.ts';
import type { Clock, DueProbe, EndpointProber, EndpointStore, Log } from '../../ports/index.ts';
import type { EndpointBook } from './endpoint-book.ts';

export type Probes = {
  /** One turn. */
  probe(): Promise<void>;
  /** Ends the turn that is under way; nothing is noted of those who have not answered yet. */
  stop(): void;
};

type ProbeDeps = {
  endpoints: Pick<EndpointStore, 'takeDueProbes' | 'setHealthy'>;
  endpointBook: EndpointBook;
  prober?: EndpointProber;
  clock: Pick<Clock, 'after'>;
  log: Log;
};

/** Asked at once; and as many are asked in one turn, so that it ends soon. */
const AT_ONCE = 64;
const TIMEOUT_MS = 5000;

export function createProbes({ endpoints, endpointBook, prober, clock, log }: ProbeDeps): Probes {
  const stopping = new AbortController();
  let isAtWork = false;

  async function ask({ endpoint, failures }: DueProbe, by: EndpointProber): Promise<void> {
    const timeout = new AbortController();
    const cancel = clock.after(TIMEOUT_MS, () => timeout.abort());
    const signal = AbortSignal.any([timeout.signal, stopping.signal]);
    const { tenant, name, url, health, isHealthy } = endpoint;
    const seen = await by.probe(endpoint, health.url ?? url, signal).finally(cancel);
    if (stopping.signal.aborted) return;
    const after = afterProbe({ isHealthy, failures }, seen.isHealthy);
    const problem = seen.isHealthy ? null : seen.detail.slice(0, 500);
    await endpoints.setHealthy(tenant, name, after.isHealthy, { failures: after.failures, problem });
    if (after.isHealthy === isHealthy || (isHealthy === null && after.isHealthy)) return;
    if (after.isHealthy) log.info({ tenant, endpoint: name }, 'an endpoint answers its health check again');
    else log.warn({ tenant, endpoint: name, problem }, 'an endpoint does not answer its health check: it gets no work');
  }

  return {
    async probe() {
      if (prober === undefined || endpointBook.isEmpty || isAtWork) return;
      isAtWork = true;
      try {
        const due = await endpoints.takeDueProbes(AT_ONCE);
        const asked = await Promise.allSettled(due.map((one) => ask(one, prober)));
        const failed = asked.find((result) => result.status === 'rejected');
        if (failed) throw failed.reason;
        if (due.length > 0) await endpointBook.refresh();
      } finally {
        isAtWork = false;
      }
    },
    stop: () => stopping.abort(),
  };
}
