import type { EngineDeps } from '../deps.ts';
import { EndpointBook } from './endpoint-book.ts';
import { createEndpointCommands } from './endpoint-commands.ts';
import type { EndpointCommands } from './endpoint-commands.ts';
import { createProbes } from './probe-endpoints.ts';
import type { Probes } from './probe-endpoints.ts';

export type Registry = { endpointBook: EndpointBook; probes: Probes; commands: EndpointCommands };

/** What a process knows and does of endpoints. */
export function createRegistry(
  deps: Pick<EngineDeps, 'endpoints' | 'mesh' | 'meter' | 'prober' | 'endpointRules' | 'clock' | 'log'>,
): Registry {
  const endpointBook = new EndpointBook(deps.endpoints, deps.mesh);
  return {
    endpointBook,
    probes: createProbes({ ...deps, endpointBook }),
    commands: createEndpointCommands({ ...deps, endpointBook }),
  };
}
