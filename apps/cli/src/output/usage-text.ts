import type { Usage } from '@weft/contract';

/** What was spent, as people read it: `105 tokens (70 in, 35 out), $0.0012`; empty where nothing is known of it. */
export function usageText({ inputTokens, outputTokens, usd }: Usage): string {
  const tokens = inputTokens + outputTokens;
  const parts = tokens > 0 ? [`${tokens} tokens (${inputTokens} in, ${outputTokens} out)`] : [];
  return [...parts, ...(usd > 0 ? [usdText(usd)] : [])].join(', ');
}

/** To the cent from a dollar on; below that as far as a millionth. */
export function usdText(usd: number): string {
  if (usd === 0) return '$0';
  return usd >= 1 ? `$${usd.toFixed(2)}` : `$${Number(usd.toFixed(6))}`;
}

/** `from -> to`, or one of them where they are equal. */
export function changeText(from: string, to: string): string {
  return from === to ? to : `${from} -> ${to}`;
}
