import type {
  CircuitList,
  DispatchResult,
  Emergency,
  MeshDispatch,
  MeshMetrics,
  Scaling,
  SetEmergency,
  SetScaling,
} from '@weft/contract';
import { keyHeader } from './tasks-api.ts';
import type { CallOptions, Transport } from './transport.ts';

/** Tasks for the best endpoint, and how the mesh is. */
export type OrchestratorApi = {
  /** Gives what has become of it after `wait`; without that, as it is at once. */
  dispatch(
    request: MeshDispatch,
    options?: CallOptions & { idempotencyKey?: string | undefined },
  ): Promise<DispatchResult>;
  /** What has become of a dispatched task. */
  dispatched(taskId: string, options?: CallOptions): Promise<DispatchResult>;
  circuits(options?: CallOptions): Promise<CircuitList>;
  metrics(options?: CallOptions): Promise<MeshMetrics>;
  emergency(options?: CallOptions): Promise<Emergency>;
  /** Takes the role admin; `everywhere`, the operator. */
  setEmergency(emergency: SetEmergency, options?: CallOptions): Promise<Emergency>;
  /** The operator's. */
  scaling(options?: CallOptions): Promise<Scaling>;
  setScaling(settings: SetScaling, options?: CallOptions): Promise<Scaling>;
};

export function orchestratorApi(transport: Transport): OrchestratorApi {
  const path = (name: string) => `/v1/mesh/${name}`;
  return {
    dispatch: (json, { signal, idempotencyKey } = {}) =>
      transport.json({ signal, method: 'POST', path: path('dispatch'), json, headers: keyHeader(idempotencyKey) }),
    dispatched: (taskId, options) =>
      transport.json({ ...options, path: path(`dispatch/${encodeURIComponent(taskId)}`) }),
    circuits: (options) => transport.json({ ...options, path: path('circuits') }),
    metrics: (options) => transport.json({ ...options, path: path('metrics') }),
    emergency: (options) => transport.json({ ...options, path: path('emergency') }),
    setEmergency: (json, options) => transport.json({ ...options, method: 'PUT', path: path('emergency'), json }),
    scaling: (options) => transport.json({ ...options, path: path('scaling') }),
    setScaling: (json, options) => transport.json({ ...options, method: 'PUT', path: path('scaling'), json }),
  };
}
