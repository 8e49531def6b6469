import { endpointMetering } from '@weft/engine/domain';
import type { MeterRules } from '@weft/engine/domain';
import type { CallGrant, CallReport, Clock, EndpointLoad, EndpointMeter, MeteredEndpoint } from '@weft/engine/ports';

import type { RedisConnection } from './connection.ts';
import { endpointBase } from './keys.ts';
import { Scripts } from './scripts.ts';
import type { ScriptName } from './scripts.ts';

export type RedisEndpointMeterOptions = {
  rules?: MeterRules;
  /** Without it, the clock of Redis counts, which is the same for all. */
  clock?: Pick<Clock, 'now'>;
};

type Argument = string | number;

/** What is shared of endpoints, in Redis: each call is one script (`scripts/endpoint.lua`). It fails fast when Redis is away. */
export function createRedisEndpointMeter(
  connection: RedisConnection,
  { rules = endpointMetering.METER_RULES, clock }: RedisEndpointMeterOptions = {},
): EndpointMeter {
  const scripts = new Scripts(connection.commands);
  const rulesText = JSON.stringify(rules);

  async function run(script: ScriptName, tenant: string, args: readonly Argument[]): Promise<unknown> {
    return scripts.run(script, endpointBase(connection.prefix, tenant), [rulesText, clock?.now() ?? '', ...args]);
  }

  async function lookAt(
    tenant: string,
    endpoints: readonly MeteredEndpoint[],
  ): Promise<[MeteredEndpoint, EndpointLoad][]> {
    const reply = await run('endpoint-look', tenant, endpoints.flatMap(argsOf));
    const texts: unknown[] = Array.isArray(reply) ? reply : [];
    return endpoints.map((endpoint, index) => [endpoint, toLoad(String(texts[index]))]);
  }

  return {
    async look(endpoints) {
      const byTenant = Map.groupBy(endpoints, ({ tenant }) => tenant);
      const looks = await Promise.all(Array.from(byTenant, async ([tenant, own]) => lookAt(tenant, own)));
      const loads = new Map(looks.flat());
      return endpoints.map((endpoint) => loads.get(endpoint) as EndpointLoad);
    },
    async begin(endpoint, { callId, tokens, leaseMs, isRetry }) {
      const args = [...argsOf(endpoint), callId, Math.ceil(tokens), Math.ceil(leaseMs), isRetry ? 1 : 0];
      return toGrant(await run('endpoint-begin', endpoint.tenant, args));
    },
    async renew({ tenant, name }, callId, leaseMs) {
      await run('endpoint-renew', tenant, [name, callId, Math.ceil(leaseMs)]);
    },
    async end({ tenant, name, credential }, callId, report) {
      await run('endpoint-end', tenant, [name, credential, callId, ...reportArgs(report)]);
    },
    async setCircuit({ tenant, name, credential }, circuit) {
      await run('endpoint-set', tenant, [name, credential, circuit]);
    },
  };
}

function argsOf({ name, credential, maxConcurrent, limits }: MeteredEndpoint): Argument[] {
  return [name, credential, maxConcurrent, limits.requestsPerMinute ?? '', limits.tokensPerMinute ?? ''];
}

function reportArgs({ verdict, latencyMs, tokens, retryAfterMs, rateLimit, isProviderWide }: CallReport): Argument[] {
  const learned = [retryAfterMs ?? '', rateLimit?.remaining ?? '', rateLimit?.resetMs ?? ''];
  return [verdict, latencyMs, Math.ceil(tokens), ...learned, isProviderWide ? 1 : 0];
}

function toLoad(text: string): EndpointLoad {
  return { latencyMs: null, freeAt: null, ...(JSON.parse(text) as Omit<EndpointLoad, 'latencyMs' | 'freeAt'>) };
}

function toGrant(reply: unknown): CallGrant {
  if (!Array.isArray(reply)) return { kind: 'granted' };
  const [reason, waitMs]: unknown[] = reply;
  return {
    kind: 'refused',
    reason: reason as Extract<CallGrant, { kind: 'refused' }>['reason'],
    waitMs: Number(waitMs),
  };
}
