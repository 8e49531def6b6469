import type { EndpointHealthCheck, EndpointLimits, EndpointPrice, EndpointProtocol, JsonObject } from '@weft/contract';

import type { CallGrant, CallReport, EndpointCall, EndpointLoad } from '../domain/endpoints/call.ts';

export type { CallGrant, CallReport, EndpointCall, EndpointLoad } from '../domain/endpoints/call.ts';

/** An endpoint as it is kept. Instants are epoch ms. */
export type EndpointRecord = {
  tenant: string;
  name: string;
  protocol: EndpointProtocol;
  url: string;
  model: string | null;
  tags: readonly string[];
  specialties: readonly string[];
  maxConcurrent: number;
  price: EndpointPrice;
  limits: EndpointLimits;
  health: EndpointHealthCheck;
  options: JsonObject;
  /** Its credential: in clear text where it is read to be used, and only there; the name of a secret of the worker; or none. */
  token: { kind: 'value'; value: string } | { kind: 'secret'; name: string } | null;
  /** Gets no new work. */
  isDraining: boolean;
  /** By its health check; null: not asked yet. */
  isHealthy: boolean | null;
  createdAt: number;
  updatedAt: number;
};

/** An endpoint for the meter; what `limits` and the credential bound is shared by all that name the same `credential`. */
export type MeteredEndpoint = Pick<EndpointRecord, 'tenant' | 'name' | 'maxConcurrent' | 'limits'> & {
  credential: string;
};

/**
 * What all workers share of the endpoints: calls under way, circuits, latency, and the rates of their providers. It may forget:
 * then circuits are closed and rates fresh. A call that is neither renewed nor ended counts until its lease is over.
 */
export type EndpointMeter = {
  /** In order of what is asked for. */
  look(endpoints: readonly MeteredEndpoint[]): Promise<EndpointLoad[]>;
  /** One step: takes a place of each kind, or none. Asked again with the id of a call under way, it takes nothing more. */
  begin(endpoint: MeteredEndpoint, call: EndpointCall): Promise<CallGrant>;
  renew(endpoint: MeteredEndpoint, callId: string, leaseMs: number): Promise<void>;
  end(endpoint: MeteredEndpoint, callId: string, report: CallReport): Promise<void>;
  /** By hand: closes a circuit, or opens it until it is closed again. */
  setCircuit(endpoint: MeteredEndpoint, circuit: 'closed' | 'open'): Promise<void>;
};

/** The registry of endpoints. */
export type EndpointStore = {
  /** All of a tenant by name, or of all tenants; tokens in clear text only for those who call. */
  list(tenant: string | null): Promise<EndpointRecord[]>;
  get(tenant: string, name: string): Promise<EndpointRecord | null>;
  /** False if the name is taken. */
  create(record: EndpointRecord): Promise<boolean>;
  /** Puts another one in its place. False if there is none. */
  replace(record: EndpointRecord): Promise<boolean>;
  remove(tenant: string, name: string): Promise<boolean>;
  setDraining(tenant: string, name: string, isDraining: boolean): Promise<boolean>;
  setHealthy(tenant: string, name: string, isHealthy: boolean): Promise<void>;
  /** Rises with each change. */
  version(): Promise<number>;
};
