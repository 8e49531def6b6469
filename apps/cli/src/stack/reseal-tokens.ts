import type { CallbackStore, EndpointStore } from '@weft/engine/ports';
import type { Logger } from 'pino';

/** Once a key has been changed, what was encrypted with an earlier one is encrypted with it. What fails now is done at the next start. */
export async function resealTokens(
  { endpoints, callbacks }: { endpoints: Pick<EndpointStore, 'reseal'>; callbacks: Pick<CallbackStore, 'reseal'> },
  log: Logger,
): Promise<void> {
  try {
    const tokens = await endpoints.reseal();
    const secrets = await callbacks.reseal();
    if (tokens + secrets > 0)
      log.info({ tokens, secrets }, 'tokens and secrets are encrypted with the present key now');
  } catch (error) {
    log.warn({ err: error }, 'tokens and secrets could not be encrypted anew');
  }
}
