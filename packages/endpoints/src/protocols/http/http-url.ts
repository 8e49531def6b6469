import { urlProblem } from '@weft/executors/http/request';

/** Why no request can go to this URL, or null. */
export function checkHttpUrl(url: string): string | null {
  return urlProblem(url) ?? null;
}
