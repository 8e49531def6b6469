/** What a call will cost at most, before it is made. */
import type { EndpointPrice } from '@weft/contract';

import { roundUsd } from './money.ts';

/**
 * `usd` null: its price is not known. `isStated` false: nobody has said what it may cost, and the numbers are zeros: such a call
 * begins as long as anything is left.
 */
export type Estimate = { usd: number | null; tokens: number; isStated: boolean };

export const UNSTATED: Estimate = { usd: 0, tokens: 0, isStated: false };

/** A token of English text has about four letters; others and code have fewer, so three is on the safe side. */
const LETTERS_PER_TOKEN = 3;
/** What a message takes beside its text. */
const TOKENS_PER_MESSAGE = 8;

const MILLION = 1_000_000;

/** About how many tokens these texts are for a model, rather too many than too few. */
export function estimateTokens(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + Math.ceil(text.length / LETTERS_PER_TOKEN) + TOKENS_PER_MESSAGE, 0);
}

/** What a call costs at most at this price; null: no price is known. */
export function estimateCall(
  price: EndpointPrice | null,
  { inputTokens, maxOutputTokens }: { inputTokens: number; maxOutputTokens: number },
): Estimate {
  const tokens = inputTokens + maxOutputTokens;
  const usd = price && costOf(price, { inputTokens, outputTokens: maxOutputTokens });
  return { usd, tokens, isStated: true };
}

/** What a call has cost that took so many tokens. */
export function costOf(
  { inputPerMTok = 0, outputPerMTok = 0, perCall = 0 }: EndpointPrice,
  { inputTokens, outputTokens }: { inputTokens: number; outputTokens: number },
): number {
  return roundUsd(perCall + (inputTokens * inputPerMTok + outputTokens * outputPerMTok) / MILLION);
}
