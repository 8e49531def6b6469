/** What calls of endpoints cost. */
import type { Usage } from '@weft/contract';
import { costOf } from '@weft/engine/domain';
import type { EndpointRecord } from '@weft/engine/ports';

import type { EndpointDeps } from './deps.ts';

/** What the endpoint says itself, else what its model costs anywhere. */
export function priceOf(deps: EndpointDeps, { price, model }: EndpointRecord) {
  return Object.keys(price).length > 0 ? price : deps.priceOf(model);
}

/** What the answer has cost, whatever the endpoint thinks. */
export function usageOf(deps: EndpointDeps, record: EndpointRecord, spent: Usage | undefined): Usage {
  const usage = spent ?? { inputTokens: 0, outputTokens: 0, usd: 0 };
  const price = priceOf(deps, record);
  return price ? { ...usage, usd: costOf(price, usage) } : usage;
}
