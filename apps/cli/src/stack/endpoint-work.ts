/** What a worker needs to carry out nodes with a prompt: protocols, the registry, and tools as runs of the mesh. */
import { createEndpointExecutors, createMeshTools } from '@weft/endpoints';
import type { ProtocolClient, PushHints } from '@weft/endpoints';
import type { EndpointProtocol } from '@weft/contract';
import type { EndpointMeter, Executor, RunReader, WorkflowStore } from '@weft/engine/ports';
import type { RunningEngine } from '@weft/engine/runtime';
import { systemClock } from '@weft/embedded';
import { modelPrice, resolveSecrets } from '@weft/executors';
import type { Environment } from '@weft/executors';

export type EndpointWork = {
  engine: RunningEngine;
  meter: EndpointMeter;
  protocols: ReadonlyMap<EndpointProtocol, ProtocolClient>;
  reader: RunReader;
  workflows: WorkflowStore;
  /** Where agents may say that a task of theirs has moved on. */
  push: PushHints | null;
  /** Where secrets are looked up. */
  environment: Environment;
};

export function endpointExecutors({ engine, meter, protocols, ...deps }: EndpointWork): Map<string, Executor> {
  const { endpointBook } = engine;
  return createEndpointExecutors({
    async endpoints(tenant) {
      if (!endpointBook.isRead) await endpointBook.refresh();
      return endpointBook.of(tenant);
    },
    meter,
    protocols,
    secret: (name) => secretOf(name, deps.environment),
    priceOf: (model) => (model === null ? null : modelPrice(model)),
    isEmergency: (tenant) => endpointBook.emergencyOf(tenant) !== null,
    push: deps.push,
    tools: createMeshTools({ engine, ...deps }),
    clock: systemClock,
    random: Math.random,
  });
}

function secretOf(name: string, environment: Environment): string | null {
  const resolved = resolveSecrets({ token: { secret: name } }, ['/token'], environment);
  if (resolved.kind === 'failed') return null;
  const { token } = resolved.input as { token: string };
  return token;
}
