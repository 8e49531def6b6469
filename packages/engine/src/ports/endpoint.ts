import type {
  EndpointHealthCheck,
  EndpointLimits,
  EndpointPrice,
  EndpointProtocol,
  JsonObject,
  ProblemItem,
} from '@weft/contract';

import type { CallGrant, CallReport, EndpointCall, EndpointLoad } from '../domain/endpoints/call.ts';

export type { CallGrant, CallReport, EndpointCall, EndpointLoad } from '../domain/endpoints/call.ts';

/**
 * The credential of an endpoint: in clear text where it is read to be used, and only there; the name of a secret of the worker;
 * or one that this process has no key for.
 */
export type EndpointToken =
  | { kind: 'value'; value: string }
  | { kind: 'secret'; name: string }
  /** `keyId`: of the key that it was encrypted with. Put back, it stays as it is. */
  | { kind: 'sealed'; keyId: string };

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
  token: EndpointToken | null;
  /** Gets no new work. */
  isDraining: boolean;
  /** By its health check; null: not asked yet. */
  isHealthy: boolean | null;
  /** What its last health check found wrong. */
  problem?: string | null;
  /** Who put it there: a call (also where it is left out), or the file of endpoints. */
  source?: 'api' | 'file';
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

/** An endpoint whose health check is due; `failures`: how many have failed in a row. */
export type DueProbe = { endpoint: EndpointRecord; failures: number };

/**
 * The registry of endpoints. `createdAt` and `updatedAt` are the store's, whatever a record says. A token in clear text is
 * encrypted; where there is no key for that, AppError `no_encryption_key` is thrown.
 */
export type EndpointStore = {
  /** All of a tenant by name, or of all tenants; tokens in clear text only for those who call. */
  list(tenant: string | null): Promise<EndpointRecord[]>;
  get(tenant: string, name: string): Promise<EndpointRecord | null>;
  /** False if the name is taken. */
  create(record: EndpointRecord): Promise<boolean>;
  /**
   * Puts another one in its place; whether it drains stays as it is, and its health if it is asked in the same way. False if
   * there is none, or if it is another one by now than that of `ifUpdatedAt`.
   */
  replace(record: EndpointRecord, ifUpdatedAt?: number): Promise<boolean>;
  remove(tenant: string, name: string): Promise<boolean>;
  setDraining(tenant: string, name: string, isDraining: boolean): Promise<boolean>;
  /** What a health check has found; `failures` in a row by now. It is no change unless it is news. */
  setHealthy(
    tenant: string,
    name: string,
    isHealthy: boolean | null,
    seen: { failures: number; problem: string | null },
  ): Promise<void>;
  /** Those whose health check is due, the longest first; each is given to one caller alone. */
  takeDueProbes(limit: number): Promise<DueProbe[]>;
  /** Encrypts with the present key what another one at hand has encrypted. Gives how many tokens. */
  reseal(): Promise<number>;
  /** Rises with each change. */
  version(): Promise<number>;
};

/** What is wrong with an endpoint by the rules of its protocol; pointers begin at the endpoint. */
export type EndpointRules = (endpoint: Pick<EndpointRecord, 'protocol' | 'url' | 'options'>) => ProblemItem[];

/** Asks endpoints whether they are there. Never throws. */
export type EndpointProber = {
  /** `url`: what is asked. `detail` says what was seen, and holds no credential. */
  probe(endpoint: EndpointRecord, url: string, signal: AbortSignal): Promise<{ isHealthy: boolean; detail: string }>;
};
