/** The longest pause a server may ask for: an hour. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

const SECONDS = /^\d+(\.\d+)?$/;
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * The pause that `Retry-After` asks for, at most an hour; undefined without a header that makes sense. A date is
 * measured against the response's own `Date`, so that the two clocks need not agree; `nowMs` serves where that is missing.
 */
export function retryAfterMs(headers: Headers, nowMs: number): number | undefined {
  const value = headers.get('retry-after')?.trim() ?? '';
  if (SECONDS.test(value)) return bounded(Number(value) * 1_000);
  const until = httpDate(value);
  if (until === undefined) return undefined;
  return bounded(until - (httpDate(headers.get('date') ?? '') ?? nowMs));
}

function httpDate(text: string): number | undefined {
  if (!HTTP_DATE.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function bounded(ms: number): number {
  return Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS);
}
