/** The executors of nodes with a prompt, over a real meter in memory and endpoints that answer as they are told. */
import type { EndpointProtocol, Json, JsonObject } from '@weft/contract';
import { createMemoryEndpointMeter } from '@weft/embedded';
import type { EndpointRecord, ExecutorCall, Outcome } from '@weft/engine/ports';
import { meteredEndpoint } from '@weft/engine/runtime';
import { executorCall } from '@weft/testkit/conformance/executor';

import { createEndpointExecutors } from '../../src/index.ts';
import type {
  EndpointDeps,
  ProtocolCall,
  ProtocolClient,
  ProtocolResult,
  ToolRequest,
  ToolRun,
} from '../../src/index.ts';

export type Answer = (call: ProtocolCall) => ProtocolResult | Promise<ProtocolResult>;

export const said = (
  output: Json,
  more: Partial<Extract<ProtocolResult, { kind: 'answered' }>> = {},
): ProtocolResult => {
  return { kind: 'answered', text: typeof output === 'string' ? output : JSON.stringify(output), output, ...more };
};

export const broken = (more: { retryable?: boolean; isFault?: boolean; code?: string } = {}): ProtocolResult => {
  const { retryable = true, isFault = true, code = 'http_error' } = more;
  return { kind: 'failed', error: { code, message: 'it broke', retryable }, isFault };
};

export function endpoint(name: string, more: Partial<EndpointRecord> = {}): EndpointRecord {
  return {
    tenant: 'default',
    name,
    protocol: 'webhook',
    url: `http://${name}.example/work`,
    model: null,
    tags: [],
    specialties: [],
    maxConcurrent: 10,
    price: {},
    limits: {},
    health: {},
    options: {},
    token: null,
    isDraining: false,
    isHealthy: null,
    createdAt: 0,
    updatedAt: 0,
    ...more,
  };
}

export type RigOptions = {
  endpoints?: EndpointRecord[];
  answer?: Answer;
  secret?: string | null;
  tools?: (request: ToolRequest) => ToolRun;
  deps?: Partial<EndpointDeps>;
};

export function rigOf({
  endpoints = [endpoint('one')],
  answer = () => said('yes'),
  secret = null,
  tools,
  deps,
}: RigOptions = {}) {
  const calls: ProtocolCall[] = [];
  const started: ToolRequest[] = [];
  const cancelled: string[] = [];
  let now = 1_000_000;
  const clock = {
    now: () => now,
    monotonicMs: () => now,
    after(ms: number, fire: () => void) {
      const timer = setTimeout(fire, ms);
      return () => clearTimeout(timer);
    },
  };
  const meter = createMemoryEndpointMeter({ clock });
  const client: Omit<ProtocolClient, 'protocol'> = {
    checkUrl: () => null,
    checkOptions: () => null,
    async call(call) {
      calls.push(call);
      return answer(call);
    },
    probe: async () => ({ isHealthy: true, detail: 'fine' }),
    close: async () => undefined,
  };
  const names: EndpointProtocol[] = ['webhook', 'api_chat', 'openai_chat', 'a2a', 'mqtt', 'redis_stream'];
  const own: EndpointDeps = {
    endpoints: async () => endpoints,
    meter,
    protocols: new Map(names.map((protocol) => [protocol, { ...client, protocol }])),
    secret: () => secret,
    priceOf: () => null,
    isEmergency: () => false,
    push: null,
    tools: {
      async start(request) {
        started.push(request);
        return { runId: `run-${started.length}` };
      },
      look: async (_tenant, runId) =>
        tools?.(started[Number(runId.slice(4)) - 1] as ToolRequest) ?? { kind: 'running' },
      cancel: async (_tenant, runId) => void cancelled.push(runId),
    },
    clock,
    random: () => 0.5,
    ...deps,
  };
  const executors = createEndpointExecutors(own);

  function execute(type: string, call: ExecutorCall): Promise<Outcome> {
    const executor = executors.get(type);
    if (!executor) throw new Error(`there is no executor ${type}`);
    return executor.run(call);
  }

  /** One attempt; `memo` as the one before has left it. */
  function run(input: JsonObject, given: Partial<ExecutorCall> = {}): Promise<Outcome> {
    return execute('agent', executorCall({ prompt: 'Begin', ...input }, given));
  }

  /** Attempt after attempt, as the engine would, until the task has ended; what each came to. */
  async function runAll(input: JsonObject, parts: Partial<ExecutorCall> = {}): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    let memo: Json = null;
    while (outcomes.length < 50) {
      const outcome: Outcome = await run(input, { ...parts, memo, attempt: outcomes.length + 1 });
      outcomes.push(outcome);
      if (outcome.kind === 'succeeded') break;
      if (outcome.kind === 'failed' && !outcome.error.retryable) break;
      memo = outcome.kind === 'again' ? outcome.memo : outcome.memo === undefined ? memo : outcome.memo;
      now += outcome.kind === 'again' ? outcome.afterMs : 0;
    }
    return outcomes;
  }

  /** How many calls are under way at each endpoint. */
  async function loads(): Promise<number[]> {
    return (await meter.look(endpoints.map(meteredEndpoint))).map(({ running }) => running);
  }

  return { deps: own, execute, run, runAll, loads, calls, started, cancelled, pass: (ms: number) => (now += ms) };
}
