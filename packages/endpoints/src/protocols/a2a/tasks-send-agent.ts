import type { JsonObject } from '@weft/contract';
import { A2AError } from '@a2a-js/sdk/errors';
import { isObject } from '@weft/contract';
import { parseJson } from '@weft/executors/openai/parse-json';
import { z } from 'zod';

import { failed } from '../result.ts';
import { usageIn } from '../usage.ts';
import { RefusedError } from './bounded-fetch.ts';
import type { RemoteAgent, RemoteContent, RemoteState, RemoteTask } from './remote-agent.ts';

const STATES: ReadonlyMap<string, RemoteState> = new Map([
  ['submitted', 'working'],
  ['working', 'working'],
  ['failed', 'failed'],
  ['canceled', 'canceled'],
  ['rejected', 'rejected'],
  ['input-required', 'asks'],
  ['auth-required', 'asks'],
]);

const NOT_FOUND = -32001;

const part = z.object({ text: z.string().nullish(), data: z.custom<JsonObject>().optional() });
const taskShape = z.object({
  id: z.string().nullish(),
  status: z.object({ state: z.string().nullish(), message: z.object({ parts: z.array(part) }).nullish() }).nullish(),
  artifacts: z.array(z.object({ parts: z.array(part).nullish() })).nullish(),
  metadata: z.record(z.string(), z.unknown()).nullish(),
});
const answerShape = z.object({
  result: taskShape.optional(),
  error: z.object({ code: z.number().optional(), message: z.string().optional() }).nullish(),
});

/** An agent from before there were messages: `tasks/send` creates a task whose id the client chooses. */
export function tasksSendAgent(url: string, fetchImpl: typeof fetch): RemoteAgent {
  let requests = 0;

  async function ask(method: string, params: JsonObject & { id: string }, signal: AbortSignal): Promise<RemoteTask> {
    requests += 1;
    const body = JSON.stringify({ jsonrpc: '2.0', id: requests, method, params });
    const headers = { 'content-type': 'application/json', accept: 'application/json' };
    const response = await fetchImpl(url, { method: 'POST', headers, body, signal });
    return readTask(await response.text(), params.id, response.status);
  }

  return {
    isStreaming: false,
    async *send({ id, contextId, text }, signal) {
      const message = { role: 'user', parts: [{ type: 'text', text }] };
      yield { kind: 'task', task: await ask('tasks/send', { id, message, contextId }, signal) };
    },
    async *follow() {},
    get: (id, signal) => ask('tasks/get', { id }, signal),
    async cancel(id, signal) {
      await ask('tasks/cancel', { id }, signal);
    },
  };
}

function readTask(text: string, id: string, status: number): RemoteTask {
  const parsed = answerShape.safeParse(parseJson(text));
  const wrong = { retryable: true, isFault: true };
  if (!parsed.success) {
    const details = { body: text.slice(0, 200).toWellFormed() };
    throw new RefusedError(failed('bad_response', 'The answer is none of A2A', { ...wrong, details }));
  }
  const { result, error } = parsed.data;
  if (error) throw rpcError(error);
  if (status >= 400) {
    const message = `The agent answered ${status}`;
    throw new RefusedError(
      failed('http_status', message, { retryable: status >= 500, isFault: true, details: { status } }),
    );
  }
  if (result === undefined) throw new RefusedError(failed('missing_output', 'The answer holds no task', wrong));
  const { status: stands, artifacts, metadata } = result;
  const contents = (artifacts ?? []).map(({ parts }) => contentOf(parts ?? []));
  const state = STATES.get(stands?.state ?? '') ?? 'completed';
  const usage = usageIn(metadata ?? {});
  const joined = contents
    .map((content) => content.text)
    .filter((piece) => piece !== '')
    .join('\n');
  const output = { ...contents[0], text: joined, ...(usage === undefined ? {} : { usage }) };
  const says = contentOf(stands?.message?.parts ?? []).text;
  return { id: result.id ?? id, state, output: contents.length === 0 ? null : output, says };
}

function contentOf(parts: readonly z.infer<typeof part>[]): RemoteContent {
  const data = parts.find((each) => isObject(each.data))?.data;
  const text = parts.map((each) => each.text ?? '').join('');
  return { text, ...(data === undefined ? {} : { data }) };
}

function rpcError({ code, message }: { code?: number | undefined; message?: string | undefined }): Error {
  if (code === NOT_FOUND) return new RefusedError(taskLost());
  return new A2AError(message ?? 'an error');
}

/** The agent does not know the task any more, so that nobody will ever know what came of it. */
export function taskLost() {
  return failed('remote_task_lost', 'The agent does not know the task any more', { retryable: true, isFault: true });
}
