import type { ProblemItem } from '@weft/contract';

import { checkEndpoint } from '../../domain/endpoints/check-endpoint.ts';
import type { EndpointRecord, EndpointRules } from '../../ports/index.ts';

/** All that is wrong with an endpoint; of one place only what weighs first. */
export function mistakesOf(record: EndpointRecord, rules: EndpointRules | undefined): ProblemItem[] {
  const items = checkEndpoint(record);
  const places = new Set(items.map(({ pointer }) => pointer));
  return [...items, ...(rules?.(record) ?? []).filter(({ pointer }) => !places.has(pointer))];
}
