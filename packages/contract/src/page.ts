import { z } from 'zod';

/** The query of every list; `cursor` is the `nextCursor` of the page before. */
export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(200).default(50).meta({ description: 'Items per page' }),
  cursor: z.string().min(1).max(1000).optional().meta({ description: 'The nextCursor of the page before' }),
});
export type PageQuery = z.infer<typeof PageQuery>;

/** One page of a list. */
export type Page<T> = { items: T[]; nextCursor: string | null };

/** The schema of one page of `item`; `nextCursor` is null on the last page. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}
