import type { EndpointStore } from '@weft/engine/ports';
import type { Logger } from 'pino';

/** Once a key has been changed, what was encrypted with an earlier one is encrypted with it. What fails now is done at the next start. */
export async function resealTokens(endpoints: Pick<EndpointStore, 'reseal'>, log: Logger): Promise<void> {
  try {
    const tokens = await endpoints.reseal();
    if (tokens > 0) log.info({ tokens }, 'tokens of endpoints are encrypted with the present key now');
  } catch (error) {
    log.warn({ err: error }, 'the tokens of endpoints could not be encrypted anew');
  }
}
