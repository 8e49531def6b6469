/** Setting what holds for the whole mesh. */
import { AppError } from '@weft/contract';

import { ALL_TENANTS } from '../ports/index.ts';
import type { EngineDeps } from './deps.ts';
import type { EndpointBook } from './endpoints/endpoint-book.ts';
import type { Engine } from './engine.ts';

type MeshDeps = Pick<EngineDeps, 'mesh' | 'log'> & { endpointBook: EndpointBook };

export function createMeshCommands({ mesh, endpointBook, log }: MeshDeps): Pick<Engine, 'setEmergency' | 'setScaling'> {
  const store = () => {
    if (!mesh) throw new AppError('unavailable', 'this server keeps no settings of the mesh');
    return mesh;
  };
  return {
    async setEmergency(tenant, emergency) {
      await store().setEmergency(tenant ?? ALL_TENANTS, emergency);
      // It is set already; that this process hears of it a moment later is no failure.
      await endpointBook.refresh().catch((error: unknown) => log.warn({ err: error }, 'could not read it anew'));
    },
    setScaling: ({ slaMs }) => store().setSla(slaMs),
  };
}
