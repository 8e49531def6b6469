/** What models cost, by their names. */
import type { EndpointPrice } from '@weft/contract';

/** By the name of a model, or how names begin and `*`. */
export type PriceTable = ReadonlyMap<string, EndpointPrice>;

/** The price under the model's own name, else under the longest beginning of it; null: it is not known. */
export function priceOf(table: PriceTable, model: string): EndpointPrice | null {
  const own = table.get(model);
  if (own) return own;
  let best: string | null = null;
  for (const name of table.keys()) {
    const isMatch = name.endsWith('*') && model.startsWith(name.slice(0, -1));
    if (isMatch && (best === null || name.length > best.length)) best = name;
  }
  return best === null ? null : (table.get(best) ?? null);
}
