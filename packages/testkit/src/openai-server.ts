/** A model's server that says what a test wants: chat completions over real HTTP, streamed or whole, with faults. */
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';

import type { Json, JsonObject } from '@weft/contract';

import { bodyOf, startServer } from './local-server.ts';

/** A request as it came in. */
export type ChatRequest = { path: string; headers: IncomingHttpHeaders; body: JsonObject };

/** What the server says to one request. */
export type ScriptedAnswer =
  /** A completion: one chunk of the stream for each piece of text, or all of it in one body when no stream was asked for. */
  | {
      kind: 'completion';
      pieces?: string[];
      refusal?: string;
      toolCalls?: { id: string; name: string; arguments: string[] }[];
      /** `stop` unless said; null for none. */
      finishReason?: string | null;
      /** Input and output tokens; told as the protocol has it: in a last chunk, if asked for. */
      usage?: [input: number, output: number] | null;
      /** How the stream goes wrong after its pieces: the socket breaks, it ends too early, or nothing more comes. */
      fault?: 'cut' | 'end' | 'hang';
    }
  | { kind: 'status'; status: number; error?: JsonObject; body?: string; headers?: Record<string, string> }
  /** A 200 with this body; one write for each element of a list. */
  | { kind: 'raw'; contentType?: string; body: string | (string | Uint8Array)[]; hang?: boolean };

type CompletionAnswer = Extract<ScriptedAnswer, { kind: 'completion' }>;

export type OpenaiServer = {
  /** For the input `baseUrl`. */
  baseUrl: string;
  /** All requests so far. */
  requests: ChatRequest[];
  close(): Promise<void>;
};

/** Starts a server on a free port of this machine. `script` is asked for each answer; `index` counts requests from 0. */
export async function startOpenaiServer(
  script: (request: ChatRequest, index: number) => ScriptedAnswer,
): Promise<OpenaiServer> {
  const requests: ChatRequest[] = [];
  const { base, close } = await startServer((request, response) => {
    void bodyOf(request).then((text) => {
      const body = JSON.parse(text || '{}') as JsonObject;
      const received = { path: request.url ?? '', headers: request.headers, body };
      requests.push(received);
      give(response, received, script(received, requests.length - 1));
    });
  });
  return { baseUrl: `${base}/v1`, requests, close };
}

function give(response: ServerResponse, request: ChatRequest, answer: ScriptedAnswer): void {
  switch (answer.kind) {
    case 'completion':
      if (request.body['stream'] === true) return stream(response, request, answer);
      return whole(response, request, answer);
    case 'status': {
      const { status, error, body = JSON.stringify({ error: error ?? null }), headers = {} } = answer;
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
      return;
    }
    case 'raw': {
      response.writeHead(200, { 'content-type': answer.contentType ?? 'text/event-stream' });
      for (const part of [answer.body].flat()) response.write(part);
      if (answer.hang !== true) response.end();
      return;
    }
    default:
      return answer satisfies never;
  }
}

function stream(response: ServerResponse, request: ChatRequest, answer: CompletionAnswer): void {
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  const chunks = deltas(answer).map((delta) => chunk(request, [{ index: 0, delta, finish_reason: null }]));
  for (const each of chunks) event(response, each);
  if (answer.fault === 'hang') return;
  if (answer.fault === 'end') return void response.end();
  // Only once the pieces are out, since breaking the socket drops what was not sent.
  if (answer.fault === 'cut') return void response.write(': cut\n\n', () => response.destroy());
  event(response, chunk(request, [{ index: 0, delta: {}, finish_reason: finishReasonOf(answer) }]));
  if (answer.usage && wantsUsage(request)) event(response, { ...chunk(request, []), usage: usageOf(answer.usage) });
  response.end('data: [DONE]\n\n');
}

function whole(response: ServerResponse, request: ChatRequest, answer: CompletionAnswer): void {
  const { pieces = [], refusal, toolCalls = [], usage } = answer;
  const message = {
    role: 'assistant',
    content: pieces.length === 0 ? null : pieces.join(''),
    ...(refusal === undefined ? {} : { refusal }),
    ...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls.map((call) => toolCall(call)) }),
  };
  const choices = [{ index: 0, message, finish_reason: finishReasonOf(answer) }];
  const body = { ...chunk(request, choices), object: 'chat.completion', ...(usage ? { usage: usageOf(usage) } : {}) };
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** First the role, then each piece for itself; a tool's arguments come in pieces, too. */
function deltas({ pieces = [], refusal, toolCalls = [] }: CompletionAnswer): JsonObject[] {
  return [
    { role: 'assistant', content: toolCalls.length > 0 ? null : '' },
    ...pieces.map((content) => ({ content })),
    ...(refusal === undefined ? [] : [{ refusal }]),
    ...toolCalls.flatMap((call, index) => [
      { tool_calls: [{ index, ...toolCall({ ...call, arguments: [] }) }] },
      ...call.arguments.map((piece) => ({ tool_calls: [{ index, function: { arguments: piece } }] })),
    ]),
  ];
}

function toolCall(call: { id: string; name: string; arguments: string[] }): JsonObject {
  return { id: call.id, type: 'function', function: { name: call.name, arguments: call.arguments.join('') } };
}

function chunk({ body }: ChatRequest, choices: Json[]): JsonObject {
  return { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 0, model: body['model'] ?? null, choices };
}

function finishReasonOf({ finishReason }: CompletionAnswer): string | null {
  return finishReason === undefined ? 'stop' : finishReason;
}

function usageOf([input, output]: [number, number]): JsonObject {
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
}

function wantsUsage({ body }: ChatRequest): boolean {
  return (body['stream_options'] as JsonObject | undefined)?.['include_usage'] === true;
}

function event(response: ServerResponse, data: JsonObject): void {
  response.write(`data: ${JSON.stringify(data)}\n\n`);
}
