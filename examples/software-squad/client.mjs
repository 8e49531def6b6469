/** The little of Weft's HTTP API that the generator needs. */

/** @param {{ url: string, token: string | undefined }} server */
export function createClient({ url, token }) {
  /** Posts `body` if there is one. What the server refuses is thrown, with `isFinal` unless it may pass. */
  async function call(path, { body, headers = {}, type = 'application/json' } = {}) {
    const sent =
      body === undefined ? {} : { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body) };
    const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await fetch(`${url}${path}`, {
      ...sent,
      headers: { 'content-type': type, ...authorization, ...headers },
    });
    const answer = await response.json();
    if (response.ok) return answer;
    const error = new Error(`${path} answered ${response.status}: ${answer.detail}`);
    const isFinal = response.status < 500 && response.status !== 429;
    throw Object.assign(error, { isFinal, pauseMs: Number(response.headers.get('retry-after') ?? 0) * 1000 });
  }

  /** Which of `runs` have one of these statuses, read page by page. */
  async function withStatus(statuses, { runs, tag, createdAfter }) {
    const found = new Set();
    for (const status of statuses) {
      let cursor = '';
      do {
        const query = new URLSearchParams({ status, tag, createdAfter, limit: '200', ...(cursor && { cursor }) });
        const page = await call(`/v1/runs?${query}`);
        for (const { id } of page.items) if (runs.has(id)) found.add(id);
        cursor = page.nextCursor;
      } while (cursor);
    }
    return found;
  }

  return { call, withStatus };
}
