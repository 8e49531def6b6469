/** A producer process: the API on the mesh. Any number of them may run. */
import { createCourier } from '@weft/callbacks';
import { usableTypes, loadOutgoingGuard } from '@weft/executors';
import { startProducer } from '@weft/producer';
import type { ProducerConfig } from '@weft/producer';

import { openMesh } from './open-mesh.ts';
import type { MeshOptions } from './open-mesh.ts';
import { resealTokens } from './reseal-tokens.ts';
import type { RunningProcess } from './running-process.ts';
import { tellDashboard } from './tell-dashboard.ts';
import { producerBackpressure } from './producer-backpressure.ts';
import { weftVersion } from './version.ts';

export type ProducerProcessOptions = MeshOptions & { config: ProducerConfig };

export async function startProducerProcess(options: ProducerProcessOptions): Promise<RunningProcess & { url: string }> {
  const { config, log } = options;
  loadOutgoingGuard();
  const mesh = await openMesh(options);
  const { engine, deps, clock } = mesh;
  const executorNames = await usableTypes();
  try {
    await resealTokens(deps, log);
    await tellDashboard(log);
    const producer = await startProducer({
      ...config,
      engine,
      queries: { ...deps, endpointBook: engine.endpointBook, loadGraph: (ref) => engine.graphs.load(ref) },
      bus: deps.bus,
      live: deps.live,
      callbacks: deps.callbacks,
      deliveries: deps.deliveries,
      keys: mesh.keys,
      clock,
      log,
      version: weftVersion(),
      hasExecutor: (type) => executorNames.includes(type),
      executorNames,
      pushHints: options.push ?? null,
      backpressure: producerBackpressure(config),
      scheduler: engine.scheduler,
    });
    const courier = createCourier(
      { deliveries: deps.deliveries, queue: mesh.deliveryQueue, clock, log },
      { scheduleMs: config.callbackRetriesMs },
    );
    engine.start();
    courier.start();
    return {
      url: producer.url,
      async stop() {
        await producer.close();
        await courier.stop();
        await engine.stop();
        await mesh.close();
      },
    };
  } catch (error) {
    await mesh.close();
    throw error;
  }
}
