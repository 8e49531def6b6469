/** What a chat may cost: reserved before it is sent, with a cheaper model where the run wants that. */
import { costOf, estimateCall, estimateTokens } from '@weft/engine/domain';
import type { CallBudget, Outcome, Reserved, Usage } from '@weft/engine/ports';

import { modelPrice } from '../prices.ts';
import { chatTexts } from './chat-input.ts';
import type { ChatInput } from './chat-input.ts';

/** How long an answer is taken to be at most, where `maxTokens` does not bound it. */
const ASSUMED_TOKENS = 4096;

type Stopped = Extract<Outcome, { kind: 'again' | 'failed' }>;

/** The input with the model that there is money for, or why there is none. */
export async function affordable(input: ChatInput, budget: CallBudget | undefined): Promise<ChatInput | Stopped> {
  if (!budget) return input;
  const { model, fallbackModels = [] } = input;
  let answer = await reserve(input, budget);
  for (const cheaper of fallbackModels) {
    if (answer.kind !== 'refused' || answer.onExceeded !== 'fallback') break;
    const next = await reserve({ ...input, model: cheaper }, budget);
    if (next.kind === 'granted') return { ...input, model: cheaper };
    if (next.kind === 'held') answer = next;
  }
  if (answer.kind === 'granted') return { ...input, model };
  if (answer.kind === 'held') return { kind: 'again', memo: null, afterMs: answer.afterMs };
  return { kind: 'failed', error: answer.error };
}

function reserve(input: ChatInput, budget: CallBudget): Promise<Reserved> {
  const sizes = { inputTokens: estimateTokens(chatTexts(input)), maxOutputTokens: input.maxTokens ?? ASSUMED_TOKENS };
  return budget.reserve(estimateCall(modelPrice(input.model), sizes));
}

/** With its price, where that is known. */
export function priced(usage: Usage, model: string): Usage {
  const price = modelPrice(model);
  return price ? { ...usage, usd: costOf(price, usage) } : usage;
}
