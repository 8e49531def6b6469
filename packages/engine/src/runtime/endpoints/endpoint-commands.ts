/** Changing the registry: it holds here at once, and elsewhere with the next look at what has changed. */
import { AppError } from '@weft/contract';
import type { FileEndpoint, NewEndpoint, ReplaceEndpoint, UpdateEndpoint } from '@weft/contract';

import type { EndpointMeter, EndpointRecord, EndpointRules, EndpointStore, Log } from '../../ports/index.ts';
import type { EndpointBook } from './endpoint-book.ts';
import { meteredEndpoint } from './metered-endpoint.ts';
import { mistakesOf } from './mistakes.ts';
import { createSync } from './sync-endpoints.ts';
import type { SyncedEndpoints } from './sync-endpoints.ts';
import { changedRecord, toRecord } from './to-record.ts';

/** All that changes something throws `invalid_request` for what no endpoint can be, `not_found`, `no_encryption_key`. */
export type EndpointCommands = {
  /** Throws `conflict` where the name is taken. */
  createEndpoint(tenant: string, endpoint: NewEndpoint): Promise<void>;
  /** Throws `conflict` where it stands in the file of endpoints. */
  replaceEndpoint(tenant: string, name: string, endpoint: ReplaceEndpoint): Promise<void>;
  updateEndpoint(tenant: string, name: string, changes: UpdateEndpoint): Promise<void>;
  removeEndpoint(tenant: string, name: string): Promise<void>;
  /** It gets no new work any more, or again; what is under way goes on. */
  drainEndpoint(tenant: string, name: string, isDraining: boolean): Promise<void>;
  /** Throws `unavailable` where nothing is known here of circuits. */
  setEndpointCircuit(tenant: string, name: string, circuit: 'closed' | 'open'): Promise<void>;
  /**
   * Makes what the file says so, and removes what it does not say any more; nothing changes where anything is wrong with it.
   * What a call had registered under the same name is the file's from then on.
   */
  syncEndpoints(file: readonly FileEndpoint[]): Promise<SyncedEndpoints>;
};

type CommandDeps = {
  endpoints: EndpointStore;
  endpointBook: EndpointBook;
  meter?: EndpointMeter;
  endpointRules?: EndpointRules;
  log: Log;
};

/** So many others may change an endpoint while it is being changed. */
const TRIES = 10;
/** Every process keeps all endpoints in memory. */
const MOST_OF_A_TENANT = 1000;

export function createEndpointCommands(deps: CommandDeps): EndpointCommands {
  const { endpoints, endpointBook: book, meter, endpointRules, log } = deps;

  /** It is changed already; that this process hears of it a moment later is no failure. */
  async function refresh(): Promise<void> {
    await book.refresh().catch((error: unknown) => log.warn({ err: error }, 'could not read the endpoints anew'));
  }

  async function get(tenant: string, name: string): Promise<EndpointRecord> {
    return (await endpoints.get(tenant, name)) ?? notThere(name);
  }

  /** Reads, changes and writes; where another one came in between, once more. */
  async function change(tenant: string, name: string, work: (before: EndpointRecord) => EndpointRecord): Promise<void> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      const before = await get(tenant, name);
      refuseOfFile(before);
      const after = work(before);
      refuseMistakes(after, endpointRules);
      refuseAbduction(before, after);
      if (await endpoints.replace(after, before.updatedAt)) return refresh();
    }
    throw new AppError('conflict', `the endpoint ${name} is being changed by others; try again`);
  }

  return {
    async createEndpoint(tenant, { name, ...definition }) {
      const record = toRecord(definition, { tenant, name, source: 'api' });
      refuseMistakes(record, endpointRules);
      await refresh();
      if (book.of(tenant).length >= MOST_OF_A_TENANT)
        throw new AppError('conflict', `a tenant has at most ${MOST_OF_A_TENANT} endpoints`);
      if (!(await endpoints.create(record)))
        throw new AppError('conflict', `there is an endpoint ${name} already; PUT and PATCH change it`);
      await refresh();
    },
    replaceEndpoint: (tenant, name, definition) =>
      change(tenant, name, () => toRecord(definition, { tenant, name, source: 'api' })),
    updateEndpoint: (tenant, name, changes) => change(tenant, name, (before) => changedRecord(before, changes)),
    async removeEndpoint(tenant, name) {
      refuseOfFile(await get(tenant, name));
      if (!(await endpoints.remove(tenant, name))) notThere(name);
      await refresh();
    },
    async drainEndpoint(tenant, name, isDraining) {
      if (!(await endpoints.setDraining(tenant, name, isDraining))) notThere(name);
      await refresh();
    },
    async setEndpointCircuit(tenant, name, circuit) {
      const endpoint = await get(tenant, name);
      if (!meter) throw new AppError('unavailable', 'this server knows nothing of circuits');
      await meter.setCircuit(meteredEndpoint(endpoint), circuit);
    },
    async syncEndpoints(file) {
      const synced = await createSync(endpoints, endpointRules)(file);
      await refresh();
      return synced;
    },
  };
}

function notThere(name: string): never {
  throw new AppError('not_found', `there is no endpoint ${name}`);
}

function refuseMistakes(record: EndpointRecord, rules: EndpointRules | undefined): void {
  const errors = mistakesOf(record, rules);
  const [first] = errors;
  if (first) throw new AppError('invalid_request', `${first.pointer}: ${first.message}`, { errors });
}

function refuseOfFile({ name, source }: EndpointRecord): void {
  if (source === 'file')
    throw new AppError('conflict', `the endpoint ${name} stands in the file of endpoints: change it there`);
}

/** Whoever may change an endpoint may not see its token, and so must not be able to have it sent to a server of his own. */
function refuseAbduction(before: EndpointRecord, after: EndpointRecord): void {
  const isKept = after.token !== null && after.token.kind !== 'secret' && after.token === before.token;
  if (!isKept || serverOf(before.url) === serverOf(after.url)) return;
  const message = 'the URL leads to another server: give the token once more, or null for none';
  const errors = [{ code: 'missing_field', pointer: '/token', message }];
  throw new AppError('invalid_request', `/token: ${message}`, { errors });
}

function serverOf(url: string): string {
  const parsed = URL.parse(url);
  return `${parsed?.protocol}//${parsed?.host}`;
}
