/**
 * The endpoints as this process knows them: read when it begins, and looked at again with every sweep. It holds tokens in
 * clear text, for those who call.
 */
import { ALL_TENANTS } from '../../ports/index.ts';
import type { EmergencyRecord, EndpointRecord, EndpointStore, MeshStore } from '../../ports/index.ts';

const NONE: readonly EndpointRecord[] = [];

export class EndpointBook {
  readonly #store: Pick<EndpointStore, 'version' | 'list'>;
  readonly #mesh: Pick<MeshStore, 'emergencies'> | null;
  #version: number | null = null;
  #tenants = new Map<string, EndpointRecord[]>();
  #emergencies = new Map<string, EmergencyRecord>();
  #reading: Promise<boolean> | null = null;

  /** Without `mesh` there is never an emergency. */
  constructor(store: Pick<EndpointStore, 'version' | 'list'>, mesh: Pick<MeshStore, 'emergencies'> | null = null) {
    this.#store = store;
    this.#mesh = mesh;
  }

  /** Whether it was read; before that it knows of none. */
  get isRead(): boolean {
    return this.#version !== null;
  }

  get isEmpty(): boolean {
    return this.#tenants.size === 0;
  }

  /** Those of a tenant, by name. */
  of(tenant: string): readonly EndpointRecord[] {
    return this.#tenants.get(tenant) ?? NONE;
  }

  get(tenant: string, name: string): EndpointRecord | null {
    return this.of(tenant).find((endpoint) => endpoint.name === name) ?? null;
  }

  /** Why everything of the tenant goes to the cheapest endpoint; null: it does not. */
  emergencyOf(tenant: string): EmergencyRecord | null {
    return this.#emergencies.get(ALL_TENANTS) ?? this.#emergencies.get(tenant) ?? null;
  }

  /** Reads what has changed, up to now. Gives whether anything has. */
  async refresh(): Promise<boolean> {
    // What is being read may have begun before the change that the caller wants to see.
    await this.#reading?.catch(() => undefined);
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  /** Read after the version: what changes in between is read once more. */
  async #read(): Promise<boolean> {
    const version = await this.#store.version();
    if (version === this.#version) return false;
    const emergencies = (await this.#mesh?.emergencies()) ?? [];
    this.#tenants = Map.groupBy(await this.#store.list(null), ({ tenant }) => tenant);
    this.#emergencies = new Map(emergencies.map((one) => [one.tenant, one]));
    this.#version = version;
    return true;
  }
}
