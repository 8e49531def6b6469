import { createMemoryReplyStore } from '@weft/embedded';
import { createProtocols } from '@weft/endpoints';
import type { CallTarget, ProtocolCall, ProtocolClient, ProtocolsOptions } from '@weft/endpoints';
import type { EndpointProtocol } from '@weft/contract';
import { onTestFinished } from 'vitest';

/** What a call told while it ran. */
export type Told = { tokens: string[]; logs: unknown[]; heartbeats: number };

export type CallParts = Partial<Omit<ProtocolCall, 'target'>> & { target?: Partial<CallTarget> };

/** A call of an endpoint at `url`, and what it tells. */
export function protocolCall(url: string, parts: CallParts = {}): ProtocolCall & { told: Told } {
  const told: Told = { tokens: [], logs: [], heartbeats: 0 };
  const { target, ...rest } = parts;
  const prompt = rest.prompt ?? 'Say hello.';
  return {
    told,
    prompt,
    messages: [{ role: 'user', content: prompt }],
    tools: [],
    outputSchema: null,
    maxOutputTokens: null,
    sessionKey: 'run_1_step_a',
    idempotencyKey: 'task-1',
    memo: null,
    push: null,
    maxBytes: 1_048_576,
    signal: AbortSignal.timeout(20_000),
    heartbeat: () => void (told.heartbeats += 1),
    token: (text) => void told.tokens.push(text),
    log: (level, message, fields) => void told.logs.push([level, message, fields ?? {}]),
    ...rest,
    target: { name: 'desk', url, token: null, model: null, options: {}, ...target },
  };
}

/** The client of a protocol, closed when the test is over. */
export function openProtocol(protocol: EndpointProtocol, options: Partial<ProtocolsOptions> = {}): ProtocolClient {
  const silent = (): void => undefined;
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const protocols = createProtocols({ replies: createMemoryReplyStore(), log, ...options });
  onTestFinished(async () => {
    await Promise.all([...protocols.values()].map((client) => client.close()));
  });
  const client = protocols.get(protocol);
  if (client === undefined) throw new Error(`there is no ${protocol}`);
  return client;
}
