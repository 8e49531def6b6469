import type { JsonObject } from '@weft/contract';
import type { z } from 'zod';

/** What is wrong with the options of an endpoint, in one line that says where; or null. */
export function optionsProblem(schema: z.ZodType, options: JsonObject): string | null {
  const parsed = schema.safeParse(options);
  if (parsed.success) return null;
  return parsed.error.issues.map(({ path, message }) => `${['options', ...path].join('.')}: ${message}`).join('; ');
}
