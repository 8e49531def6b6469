import { contentHash } from '../../domain/content-hash.ts';
import type { EndpointRecord, MeteredEndpoint } from '../../ports/index.ts';

/**
 * The endpoint for the meter. Endpoints of a tenant that show the same token to the same server share what the provider
 * allows, unless they say that each model or each endpoint is counted by itself; one without a token has it for itself.
 */
export function meteredEndpoint(endpoint: EndpointRecord): MeteredEndpoint {
  const { tenant, name, maxConcurrent, limits } = endpoint;
  return { tenant, name, maxConcurrent, limits, credential: credentialOf(endpoint) };
}

/** Names the credential, and tells nothing of it. */
function credentialOf({ name, url, model, token, limits: { sharedBy = 'credential' } }: EndpointRecord): string {
  const host = URL.parse(url)?.host ?? '';
  if (token === null || token.kind === 'sealed' || sharedBy === 'endpoint')
    return contentHash(['endpoint', name]).slice(0, 24);
  const shown = token.kind === 'value' ? token.value : token.name;
  return contentHash([token.kind, host, shown, sharedBy === 'model' ? model : null]).slice(0, 24);
}
