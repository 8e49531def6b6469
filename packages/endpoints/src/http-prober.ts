/** Health checks over HTTP: whoever answers with less than 500 is there, even if it refuses. */
import type { EndpointProber } from '@weft/engine/ports';

/** It sends no token: that the server answers is all that is asked. */
export function createHttpProber(): EndpointProber {
  return {
    async probe(_, url, signal) {
      try {
        const response = await fetch(url, { signal, redirect: 'manual', headers: { connection: 'close' } });
        await response.body?.cancel();
        return { isHealthy: response.status < 500, detail: `HTTP ${response.status}` };
      } catch (error) {
        return { isHealthy: false, detail: signal.aborted ? 'no answer in time' : reasonOf(error) };
      }
    },
  };
}

/** What the system says lies under what `fetch` says. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? (error instanceof Error ? error.message : 'no answer');
}
