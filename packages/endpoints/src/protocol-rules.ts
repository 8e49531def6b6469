/** What the clients of protocols say of an endpoint before anybody calls it. */
import type { EndpointProtocol } from '@weft/contract';
import type { EndpointRules } from '@weft/engine/ports';

import type { ProtocolClient } from './protocol.ts';

export function createProtocolRules(protocols: ReadonlyMap<EndpointProtocol, ProtocolClient>): EndpointRules {
  return ({ protocol, url, options }) => {
    const client = protocols.get(protocol);
    const found = { url: client?.checkUrl(url), options: client?.checkOptions(options) };
    return Object.entries(found).flatMap(([field, message]) =>
      message ? [{ code: 'invalid_value', pointer: `/${field}`, message }] : [],
    );
  };
}
