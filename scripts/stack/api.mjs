/** A client that bears a producer which goes away for a while: what may be sent again is sent again. */
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 250;
const REQUEST_TIMEOUT_MS = 15_000;

/**
 * @param {{ url: string, token: string, patienceMs: number }} options `patienceMs`: how long one request is tried
 */
export function createApi({ url, token, patienceMs }) {
  const counts = { retries: 0 };

  /** The parsed answer. Lost connections, 429 and 5xx are tried again; any other refusal is an error. */
  async function request(method, path, { body, headers = {} } = {}) {
    const endAt = Date.now() + patienceMs;
    for (;;) {
      const answer = await attempt(method, path, { body, headers });
      if (answer.ok) return answer.value;
      if (!answer.retryable || Date.now() > endAt) throw new Error(`${method} ${path}: ${answer.reason}`);
      counts.retries += 1;
      await delay(RETRY_MS);
    }
  }

  async function attempt(method, path, { body, headers }) {
    try {
      const reply = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await reply.text();
      if (reply.ok) return { ok: true, value: JSON.parse(text) };
      return { ok: false, retryable: reply.status === 429 || reply.status >= 500, reason: `${reply.status} ${text}` };
    } catch (error) {
      return { ok: false, retryable: true, reason: String(error.cause ?? error) };
    }
  }

  return { request, counts };
}
