/**
 * How much room endpoints have for tasks that wait for one (rule A1): these are offered only as far as an endpoint can take them,
 * so that they never wait in a slot of a worker, nor at the head of a lane.
 */
import { isEndpointKey, keySpeaksOf } from '../../domain/endpoints/endpoint-key.ts';
import { SharedRoom } from '../../domain/endpoints/shared-room.ts';
import type { EndpointLoad, EndpointMeter, EndpointRecord } from '../../ports/index.ts';
import type { EndpointBook } from './endpoint-book.ts';
import { meteredEndpoint } from './metered-endpoint.ts';

/** The endpoints of a tenant as they are at an instant. */
export type SeenEndpoint = { endpoint: EndpointRecord; load: EndpointLoad };

export class EndpointRooms {
  readonly #book: Pick<EndpointBook, 'of'>;
  readonly #meter: Pick<EndpointMeter, 'look'>;

  constructor(book: Pick<EndpointBook, 'of'>, meter: Pick<EndpointMeter, 'look'>) {
    this.#book = book;
    this.#meter = meter;
  }

  /** Whether tasks with this key wait for an endpoint. */
  holdsBack(key: string): boolean {
    return isEndpointKey(key);
  }

  /** How many tasks with the key can be under way at most, however the endpoints are. */
  placesOf(tenant: string, key: string): number {
    return this.#book.of(tenant).reduce((sum, one) => sum + (keySpeaksOf(key, one) ? one.maxConcurrent : 0), 0);
  }

  /** How those endpoints are that can take tasks with any of these keys. */
  async look(tenant: string, keys: readonly string[]): Promise<SeenEndpoint[]> {
    const records = this.#book.of(tenant).filter((one) => keys.some((key) => keySpeaksOf(key, one)));
    if (records.length === 0) return [];
    const loads = await this.#meter.look(records.map(meteredEndpoint));
    return records.flatMap((endpoint, index) => {
      const load = loads[index];
      return load ? [{ endpoint, load }] : [];
    });
  }
}

/** The room that the tasks leave which have a place, by key: they are with an endpoint, or on their way. */
export function roomLeft(
  seen: readonly SeenEndpoint[],
  taken: Iterable<[key: string | null, count: number]>,
): SharedRoom {
  const places = new Map(seen.map((one) => [one.endpoint.name, placesAt(one)]));
  const byKey = new Map<string, string[]>();
  const endpointsOf = (key: string): string[] => {
    const known = byKey.get(key) ?? seen.flatMap(({ endpoint }) => (keySpeaksOf(key, endpoint) ? endpoint.name : []));
    byKey.set(key, known);
    return known;
  };
  const room = new SharedRoom(places, endpointsOf);
  for (const [key, count] of taken) if (key !== null && isEndpointKey(key)) room.take(key, count);
  return room;
}

/** One that is to get no new work keeps what it has. */
function placesAt({ endpoint, load }: SeenEndpoint): number {
  const isOpen = !endpoint.isDraining && endpoint.isHealthy !== false;
  return load.running + (isOpen ? load.room : 0);
}

/** When the first of them has room again, as far as that is known; null: nobody knows. */
export function freeAtOf(seen: readonly SeenEndpoint[]): number | null {
  const ats = seen.flatMap(({ load }) => load.freeAt ?? []);
  return ats.length === 0 ? null : Math.min(...ats);
}
