import type { Usage } from '@weft/contract';
import { z } from 'zod';

/** More of an answer is a mistake, and would outweigh all that is true in an account. */
const MOST_TOKENS = 1e9;
const MOST_USD = 1e6;

const tokens = z.number().min(0).max(MOST_TOKENS).transform(Math.ceil).optional().catch(undefined);
const usd = z.number().min(0).max(MOST_USD).optional().catch(undefined);

/** Tokens under each name that they go by. */
const usageShape = z.object({
  prompt_tokens: tokens,
  completion_tokens: tokens,
  input_tokens: tokens,
  output_tokens: tokens,
  inputTokens: tokens,
  outputTokens: tokens,
  usd,
});

const accountShape = z.object({ usage: usageShape.nullish().catch(null), cost: usd });

/** What an answer says that it cost: `usage`, and `cost` in USD; undefined if nothing. What makes no sense is left out. */
export function usageIn(answer: unknown): Usage | undefined {
  const parsed = accountShape.safeParse(answer);
  if (!parsed.success) return undefined;
  const { usage, cost } = parsed.data;
  if (!usage && cost === undefined) return undefined;
  return {
    inputTokens: usage?.prompt_tokens ?? usage?.input_tokens ?? usage?.inputTokens ?? 0,
    outputTokens: usage?.completion_tokens ?? usage?.output_tokens ?? usage?.outputTokens ?? 0,
    usd: usage?.usd ?? cost ?? 0,
  };
}
