import { endpointMetering } from '@weft/engine/domain';
import type {
  CallTicket,
  CredentialState,
  EndpointState,
  MeterRules,
  MeterSight,
  MeterState,
} from '@weft/engine/domain';
import type { CallGrant, CallReport, Clock, EndpointCall, EndpointLoad } from '@weft/engine/ports';
import type { EndpointMeter, MeteredEndpoint } from '@weft/engine/ports';

const { METER_RULES, NEW_CREDENTIAL, NEW_ENDPOINT } = endpointMetering;

export type MemoryEndpointMeterOptions = { clock: Pick<Clock, 'now'>; rules?: MeterRules };

type Call = CallTicket & { leaseUntil: number };

type Kept = { state: EndpointState; calls: Map<string, Call> };

/** What is shared of endpoints, in the memory of one process. Every call is atomic: it does not yield. */
export function createMemoryEndpointMeter({ clock, rules = METER_RULES }: MemoryEndpointMeterOptions): EndpointMeter {
  return new MemoryEndpointMeter(clock, rules);
}

class MemoryEndpointMeter implements EndpointMeter {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #rules: MeterRules;
  readonly #endpoints = new Map<string, Kept>();
  readonly #credentials = new Map<string, CredentialState>();

  constructor(clock: Pick<Clock, 'now'>, rules: MeterRules) {
    this.#clock = clock;
    this.#rules = rules;
  }

  async look(endpoints: readonly MeteredEndpoint[]): Promise<EndpointLoad[]> {
    return endpoints.map((endpoint) => endpointMetering.loadOf(this.#see(endpoint).sight, this.#rules));
  }

  async begin(endpoint: MeteredEndpoint, { callId, leaseMs, ...call }: EndpointCall): Promise<CallGrant> {
    const { kept, sight } = this.#see(endpoint);
    const leaseUntil = sight.now + leaseMs;
    const running = kept.calls.get(callId);
    if (running) {
      running.leaseUntil = leaseUntil;
      return { kind: 'granted' };
    }
    const begun = endpointMetering.beginCall(sight, call, this.#rules);
    if (!('ticket' in begun)) return begun.grant;
    kept.calls.set(callId, { ...begun.ticket, leaseUntil });
    this.#keep(endpoint, kept, begun.state);
    return begun.grant;
  }

  async renew(endpoint: MeteredEndpoint, callId: string, leaseMs: number): Promise<void> {
    const { kept, sight } = this.#see(endpoint);
    const call = kept.calls.get(callId);
    if (call) call.leaseUntil = sight.now + leaseMs;
  }

  async end(endpoint: MeteredEndpoint, callId: string, report: CallReport): Promise<void> {
    const { kept, sight } = this.#see(endpoint);
    const ticket = kept.calls.get(callId) ?? null;
    kept.calls.delete(callId);
    this.#keep(endpoint, kept, endpointMetering.endCall(sight, ticket, report, this.#rules));
  }

  async setCircuit(endpoint: MeteredEndpoint, circuit: 'closed' | 'open'): Promise<void> {
    const { kept, sight } = this.#see(endpoint);
    this.#keep(endpoint, kept, endpointMetering.setCircuit(sight, circuit));
  }

  /** Without the calls whose lease is over. */
  #see(endpoint: MeteredEndpoint): { kept: Kept; sight: MeterSight } {
    const now = this.#clock.now();
    const name = nameOf(endpoint.tenant, endpoint.name);
    const kept = this.#endpoints.get(name) ?? { state: NEW_ENDPOINT, calls: new Map<string, Call>() };
    this.#endpoints.set(name, kept);
    for (const [id, call] of kept.calls) {
      if (call.leaseUntil > now) continue;
      kept.calls.delete(id);
      kept.state = endpointMetering.loseCall(kept.state, call, now, this.#rules);
    }
    const credential = this.#credentials.get(nameOf(endpoint.tenant, endpoint.credential)) ?? NEW_CREDENTIAL;
    const { maxConcurrent, limits } = endpoint;
    return { kept, sight: { endpoint: kept.state, credential, running: kept.calls.size, maxConcurrent, limits, now } };
  }

  #keep({ tenant, credential }: MeteredEndpoint, kept: Kept, state: MeterState): void {
    kept.state = state.endpoint;
    this.#credentials.set(nameOf(tenant, credential), state.credential);
  }
}

function nameOf(tenant: string, name: string): string {
  return JSON.stringify([tenant, name]);
}
