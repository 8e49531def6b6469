/** What a worker needs to carry out nodes with a prompt: protocols, the registry, and tools as runs of the mesh. */
import { createEndpointExecutors, createMeshTools, letGoOfCancelled } from '@weft/endpoints';
import type { EndpointDeps, ProtocolClient, PushHints } from '@weft/endpoints';
import type { EndpointProtocol } from '@weft/contract';
import type { EndpointMeter, Executor, LeftoverStore, Log, RunReader, WorkflowStore } from '@weft/engine/ports';
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
  leftovers: LeftoverStore;
  /** Where agents may say that a task of theirs has moved on. */
  push: PushHints | null;
  /** Where secrets are looked up. */
  environment: Environment;
  log: Log;
};

export type EndpointWorker = {
  executors: Map<string, Executor>;
  /** Tells what cancelled tasks have left outside to stop, until the returned function is called. */
  letGo(): () => void;
};

export function endpointWorker({ engine, meter, protocols, ...deps }: EndpointWork): EndpointWorker {
  const { endpointBook } = engine;
  const parts: EndpointDeps = {
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
  };
  return {
    executors: createEndpointExecutors(parts),
    letGo: () => letGoOfCancelled(parts, { ...deps, clock: systemClock }),
  };
}

function secretOf(name: string, environment: Environment): string | null {
  const resolved = resolveSecrets({ token: { secret: name } }, ['/token'], environment);
  if (resolved.kind === 'failed') return null;
  const { token } = resolved.input as { token: string };
  return token;
}
