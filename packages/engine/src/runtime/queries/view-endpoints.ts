/** Endpoints as they are shown: how they are, and never their tokens. */
import { AppError } from '@weft/contract';
import type { Endpoint } from '@weft/contract';

import { endpointStatus } from '../../domain/endpoints/endpoint-status.ts';
import type { EndpointLoad, EndpointMeter, EndpointRecord } from '../../ports/index.ts';
import type { EndpointBook } from '../endpoints/endpoint-book.ts';
import { meteredEndpoint } from '../endpoints/metered-endpoint.ts';
import { toInstant } from './instant.ts';

type ViewDeps = { endpointBook: EndpointBook; meter?: EndpointMeter };

type Listing = {
  limit: number;
  /** The last name of the page before. */
  after: string | null;
  tag: string | null;
  protocol: Endpoint['protocol'] | null;
};

/** Of what nobody has called yet. */
export const UNUSED: EndpointLoad = {
  running: 0,
  latencyMs: null,
  circuit: 'closed',
  freeAt: null,
  room: 0,
  succeeded: 0,
  failed: 0,
};

const IN_THE_DARK = 'what all processes share of it cannot be read now: its circuit, latency and calls are not known';

/** Those of a tenant, by name. */
export async function listEndpoints(
  deps: ViewDeps,
  tenant: string,
  { limit, after, tag, protocol }: Listing,
): Promise<{ items: Endpoint[]; hasMore: boolean }> {
  await deps.endpointBook.refresh();
  const wanted = deps.endpointBook
    .of(tenant)
    .filter((one) => (after === null || one.name > after) && (tag === null || one.tags.includes(tag)))
    .filter((one) => protocol === null || one.protocol === protocol);
  return { items: await viewAll(deps, wanted.slice(0, limit)), hasMore: wanted.length > limit };
}

/** Throws AppError `not_found`. */
export async function viewEndpoint(deps: ViewDeps, tenant: string, name: string): Promise<Endpoint> {
  await deps.endpointBook.refresh();
  const record = deps.endpointBook.get(tenant, name);
  const [view] = record === null ? [] : await viewAll(deps, [record]);
  if (!view) throw new AppError('not_found', `there is no endpoint ${name}`);
  return view;
}

async function viewAll({ meter }: ViewDeps, records: readonly EndpointRecord[]): Promise<Endpoint[]> {
  const loads = meter && records.length > 0 ? await look(meter, records) : [];
  const known =
    loads === null ? records.map((record) => ({ ...record, problem: record.problem ?? IN_THE_DARK })) : records;
  return known.map((record, index) => toView(record, loads?.[index] ?? UNUSED));
}

/** Null where it does not answer: an endpoint must be shown, and removed, all the same. */
async function look(meter: EndpointMeter, records: readonly EndpointRecord[]): Promise<EndpointLoad[] | null> {
  return meter.look(records.map(meteredEndpoint)).catch(() => null);
}

/** Field by field, so that nothing is shown by mistake. */
function toView(record: EndpointRecord, { circuit, latencyMs, running }: EndpointLoad): Endpoint {
  const { name, protocol, url, model, tags, specialties, maxConcurrent, price, limits, health, options } = record;
  return {
    name,
    protocol,
    url,
    ...(model !== null && { model }),
    tags: [...tags],
    specialties: [...specialties],
    maxConcurrent,
    price,
    limits,
    health,
    options,
    hasToken: record.token !== null,
    status: endpointStatus({ ...record, circuit }),
    circuit,
    latencyMs,
    running,
    problem: record.problem ?? null,
    source: record.source ?? 'api',
    createdAt: toInstant(record.createdAt),
    updatedAt: toInstant(record.updatedAt),
  };
}
