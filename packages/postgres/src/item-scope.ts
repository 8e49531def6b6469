/** Where an item stands, read off its key (rule B6). */

export type ItemScope = { scope: string | null; index: number | null };

const TOP: ItemScope = { scope: null, index: null };
const SEND_ITEM = /^(.*)\[(\d+)\]$/s;

/** The key of the send whose item the task is, and which item: `each#1[17]/w#0` is item 17 of `each#1`. */
export function itemScope(key: string): ItemScope {
  const end = key.lastIndexOf('/');
  if (end < 0) return TOP;
  const outer = key.slice(0, end);
  const [, scope, index] = SEND_ITEM.exec(outer) ?? [];
  return scope === undefined ? { scope: outer, index: null } : { scope, index: Number(index) };
}
