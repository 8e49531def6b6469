/** Values that several readers share. */
import type { Usage } from '@weft/contract';

export type UsageRow = { input_tokens: number | null; output_tokens: number | null; usd: number | null };

export function toUsage(row: UsageRow): Usage {
  return { inputTokens: row.input_tokens ?? 0, outputTokens: row.output_tokens ?? 0, usd: row.usd ?? 0 };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What comes from a caller's URL need not be an id. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
