import type {
  Circuit,
  EndpointHealthCheck,
  EndpointLimits,
  EndpointPrice,
  EndpointProtocol,
  JsonObject,
} from '@weft/contract';

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

/** What all processes know together of how an endpoint is. */
export type EndpointLoad = {
  running: number;
  /** Exponentially weighted, ms; null before the first answer. */
  latencyMs: number | null;
  circuit: Circuit;
  /** When the circuit may let a trial through, or a rate has room again, epoch ms; null: now. */
  freeAt: number | null;
  succeeded: number;
  failed: number;
};

export type CallGrant =
  | { kind: 'granted' }
  /** `waitMs`: when it is worth asking again, at least. */
  | { kind: 'refused'; reason: 'full' | 'circuit_open' | 'rate_limited'; waitMs: number };

/** What came of a call, as far as the endpoint is concerned. */
export type CallReport = {
  /** `neutral`: neither speaks for nor against the endpoint (cancelled, a bad request). */
  verdict: 'succeeded' | 'failed' | 'neutral';
  latencyMs: number;
  /** Input and output together. */
  tokens: number;
  /** The endpoint said that it wants to be left alone for so long. */
  retryAfterMs?: number;
  /** What it said of its rate limit. */
  rateLimit?: { remaining: number; limit?: number; resetMs: number };
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
  /** One step: takes a place of each kind, or none. `tokens`: how many the call may need at most. */
  begin(endpoint: MeteredEndpoint, call: { callId: string; tokens: number; leaseMs: number }): Promise<CallGrant>;
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
