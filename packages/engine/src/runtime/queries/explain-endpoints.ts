/** Why a task that waits for an endpoint gets none: of each that could take it, what is in the way. */
import type { Reason } from '@weft/contract';

import { isEndpointKey, keySpeaksOf } from '../../domain/endpoints/endpoint-key.ts';
import { EndpointRooms } from '../endpoints/endpoint-rooms.ts';
import type { SeenEndpoint } from '../endpoints/endpoint-rooms.ts';
import { toInstant } from './instant.ts';
import type { QueryDeps } from './query-deps.ts';

export type EndpointDeps = Pick<QueryDeps, 'endpointBook' | 'meter'>;

/** So many of them are told of. */
const MOST_TOLD = 20;

/** Nothing if one has room: then the task goes on in a moment. */
export async function endpointReasons(deps: EndpointDeps, tenant: string, key: string | null): Promise<Reason[]> {
  const { endpointBook, meter } = deps;
  if (key === null || !isEndpointKey(key) || !meter) return [];
  await endpointBook.refresh();
  if (!endpointBook.of(tenant).some((one) => keySpeaksOf(key, one))) return [noneReason(key)];
  const seen = await new EndpointRooms(endpointBook, meter).look(tenant, [key]);
  const reasons = seen.map(reasonOf);
  return reasons.some((reason) => reason === null) ? [] : reasons.flatMap((reason) => reason ?? []).slice(0, MOST_TOLD);
}

function noneReason(key: string): Reason {
  const asked = key.replace(/^endpoint:/, '');
  const tags = /^tags=(.*)$/s.exec(asked)?.[1];
  const what =
    tags === undefined ? `the endpoint ${asked}` : tags === '' ? 'an endpoint' : `an endpoint with a tag of ${tags}`;
  return { code: 'no_endpoint', message: `the task waits for ${what}, and there is none`, details: { key } };
}

function reasonOf({ endpoint, load }: SeenEndpoint): Reason | null {
  const { name, maxConcurrent, problem } = endpoint;
  const until = load.freeAt === null ? null : toInstant(load.freeAt);
  const details = { endpoint: name, ...(until !== null && { until }) };
  const say = (code: string, message: string): Reason => ({ code, message, details });
  if (endpoint.isDraining)
    return say('endpoint_draining', `the endpoint ${name} is being drained: it gets no new work`);
  if (endpoint.isHealthy === false)
    return say(
      'endpoint_dead',
      `the endpoint ${name} does not answer its health check${problem ? `: ${problem}` : ''}`,
    );
  if (load.room >= 1) return null;
  if (load.circuit === 'open')
    return say(
      'circuit_open',
      `the circuit of the endpoint ${name} is open ${until === null ? 'until it is closed by hand' : `until ${until}`}`,
    );
  if (until !== null)
    return say('endpoint_rate', `the provider of the endpoint ${name} allows no more before ${until}`);
  if (load.circuit === 'half_open' && load.running < maxConcurrent)
    return say(
      'circuit_open',
      `the circuit of the endpoint ${name} lets no more than a few trials through, and they are under way`,
    );
  const message = `the endpoint ${name} has ${load.running} calls under way and takes ${maxConcurrent} at once`;
  return { code: 'endpoint_full', message, details: { ...details, now: load.running, limit: maxConcurrent } };
}
