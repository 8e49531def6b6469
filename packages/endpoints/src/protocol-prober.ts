/** Health checks, each in its endpoint's own protocol. */
import type { EndpointProtocol } from '@weft/contract';
import type { EndpointProber } from '@weft/engine/ports';

import type { ProtocolClient } from './protocol.ts';

/** A token is sent where the endpoint keeps it itself; the secrets of workers are not at hand everywhere. */
export function createProtocolProber(protocols: ReadonlyMap<EndpointProtocol, ProtocolClient>): EndpointProber {
  return {
    async probe({ name, protocol, url: own, token, model, options }, url, signal) {
      const client = protocols.get(protocol);
      if (!client) return { isHealthy: false, detail: `there is no client for the protocol ${protocol}` };
      const target = { name, url: own, token: token?.kind === 'value' ? token.value : null, model, options };
      return client.probe(target, url === own ? null : url, signal);
    },
  };
}
