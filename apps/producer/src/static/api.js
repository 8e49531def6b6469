/** Calls of the API. The token, if there is one, lives as long as the tab. */

const KEY = 'weft-token';

export class ApiError extends Error {
  constructor(status, problem) {
    super(problem?.detail ?? `the server answered ${status}`);
    this.status = status;
  }
}

export function useToken(token) {
  sessionStorage.setItem(KEY, token);
}

/** The answer's JSON. Throws ApiError for a refusal. */
export async function call(path, { method = 'GET', body } = {}) {
  const response = await request(path, { method, body });
  return response.json();
}

/** Follows a run; `onEvent` hears of every event, and the promise ends with the stream. */
export async function follow(runId, { after, signal, onEvent }) {
  const response = await request(`/v1/runs/${runId}/events?modes=tasks&after=${after}`, { signal });
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return false;
    const messages = (rest + value).split('\n\n');
    rest = messages.pop();
    for (const message of messages) {
      const name = /^event: (.*)$/m.exec(message)?.[1];
      if (name === 'end') return true;
      if (name !== undefined) onEvent();
    }
  }
}

async function request(path, { method = 'GET', body, signal } = {}) {
  const token = sessionStorage.getItem(KEY);
  const headers = {
    ...(token !== null && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'content-type': 'application/json' }),
  };
  const response = await fetch(path, {
    method,
    headers,
    signal,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => null));
  return response;
}
