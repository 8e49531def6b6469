/** `webhook`, `a2a`, `mqtt`, `redis-stream`: one request to an address that stands in the node, by the protocol's own client. */
import { JsonRecord, JsonValue } from '@weft/contract';
import type { EndpointProtocol } from '@weft/contract';
import type { ExecutorCall, Outcome } from '@weft/engine/ports';
import { defineExecutor, PROTOCOL_EXECUTORS } from '@weft/executors';
import type { ExecutorDefinition, ProtocolExecutor } from '@weft/executors';
import { failure } from '@weft/executors/failure';
import { z } from 'zod';

import type { ProtocolCall, ProtocolClient, ProtocolResult } from '../protocol.ts';
import type { EndpointDeps } from './deps.ts';

const PROTOCOLS: Record<ProtocolExecutor, EndpointProtocol> = {
  a2a: 'a2a',
  mqtt: 'mqtt',
  'redis-stream': 'redis_stream',
  webhook: 'webhook',
};
const EXAMPLES: Record<ProtocolExecutor, string> = {
  a2a: 'https://agents.example.com/desk',
  mqtt: 'mqtts://broker.example.com:8883/desk',
  'redis-stream': 'rediss://redis.example.com:6379/desk',
  webhook: 'https://desk.example.com/hook',
};
const MAX_BYTES = 8 * 1024 * 1024;

const Input = z.strictObject({
  url: z.string().min(1).max(2000),
  prompt: z.string().min(1),
  token: z.string().min(1).optional(),
  /** The same for all requests of a conversation; else the run's. */
  session: z.string().min(1).max(200).optional(),
  options: JsonRecord.default({}),
});

type Deps = Pick<EndpointDeps, 'protocols' | 'push'>;

export function protocolExecutors(deps: Deps): Map<string, ExecutorDefinition> {
  return new Map(PROTOCOL_EXECUTORS.map((type) => [type, protocolExecutor(deps, type)]));
}

function protocolExecutor(deps: Deps, type: ProtocolExecutor): ExecutorDefinition {
  return defineExecutor({
    type,
    description: `Sends one request by the protocol ${PROTOCOLS[type]} to an address, and waits for its answer.`,
    input: Input,
    output: JsonValue,
    example: { url: EXAMPLES[type], prompt: 'Fix it.' },
    async run(call) {
      const client = deps.protocols.get(PROTOCOLS[type]);
      if (!client) throw new Error(`there is no client for the protocol ${PROTOCOLS[type]}`);
      return ask(deps, client, call);
    },
  });
}

type Given = Omit<ExecutorCall, 'input'> & { input: z.output<typeof Input> };

async function ask({ push }: Deps, client: ProtocolClient, call: Given): Promise<Outcome> {
  const { url, options } = call.input;
  const wrong = client.checkUrl(url) ?? client.checkOptions(options);
  if (wrong !== null) return failure('invalid_input', wrong, { retryable: false });
  const hints = push?.addressOf({ tenant: call.tenant, taskId: call.taskId }) ?? null;
  const result = await client.call(requestOf(call, hints));
  const messages = result.kind === 'answered' ? (result.uiMessages ?? []) : [];
  for (const message of messages) call.emit({ type: 'ui_message', message });
  return outcomeOf(result);
}

function requestOf(call: Given, push: ProtocolCall['push']): ProtocolCall {
  const { url, prompt, token = null, session, options } = call.input;
  return {
    target: { name: call.node, url, token, model: null, options },
    prompt,
    messages: [{ role: 'user', content: prompt }],
    tools: [],
    outputSchema: null,
    maxOutputTokens: null,
    sessionKey: session ?? `run_${call.runId}_step_${call.taskId}`,
    idempotencyKey: call.idempotencyKey,
    memo: call.memo,
    push,
    maxBytes: MAX_BYTES,
    signal: call.signal,
    heartbeat: () => call.heartbeat(),
    token: (text) => call.token(text),
    log: call.log,
  };
}

function outcomeOf(result: ProtocolResult): Outcome {
  switch (result.kind) {
    case 'answered': {
      const { output, stateUpdates, goto, usage } = result;
      return {
        kind: 'succeeded',
        output,
        ...(stateUpdates && { stateUpdates }),
        ...(goto && { goto }),
        ...(usage && { usage }),
      };
    }
    case 'pending':
      return { kind: 'again', memo: result.memo, afterMs: result.afterMs };
    default: {
      const { error, retryAfterMs, usage } = result;
      return { kind: 'failed', error, ...(retryAfterMs !== undefined && { retryAfterMs }), ...(usage && { usage }) };
    }
  }
}
