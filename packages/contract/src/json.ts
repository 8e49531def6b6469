import { z } from 'zod';

/** A value that JSON can carry. */
export type Json = string | number | boolean | null | Json[] | JsonObject;

export interface JsonObject {
  [key: string]: Json;
}

/** A JSON object (not an array, not null). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Any JSON value, taken as it is. It does not walk the value: what arrives as text is already JSON, and its depth and its
 * keys are checked by the scan before `JSON.parse`, whereas a recursive schema overflows the stack on deep input.
 */
export const JsonValue = z
  .unknown()
  .refine((value) => value !== undefined, { error: 'a JSON value is required' })
  .meta({ description: 'Any JSON value' }) as unknown as z.ZodType<Json, Json>;

/** A JSON object whose values are taken as they are. */
export const JsonRecord = z.record(z.string(), JsonValue).meta({ description: 'A JSON object' });
