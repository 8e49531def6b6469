/** Why an endpoint cannot take a call. */
import type { EndpointLoad } from './call.ts';
import type { ChoiceRequest, EndpointCandidate } from './choice-request.ts';

export type LeftOutReason =
  | 'not_pinned'
  | 'tags'
  | 'model'
  | 'draining'
  | 'unhealthy'
  | 'circuit_open'
  | 'rate_limited'
  | 'full';

/** Those that pass by themselves, or once somebody looks after them. */
export const WAITS: ReadonlySet<LeftOutReason> = new Set([
  'draining',
  'unhealthy',
  'circuit_open',
  'rate_limited',
  'full',
]);

/** `freeAt`: when it has room, if that is known, epoch ms. */
export type LeftOut = { name: string; reason: LeftOutReason; freeAt?: number };

/** Null: it can take it. What never changes comes first. */
export function leaveOut(request: ChoiceRequest, candidate: EndpointCandidate, load: EndpointLoad): LeftOut | null {
  const { name } = candidate;
  const reason = unfit(request, candidate) ?? unusable(request, candidate, load);
  if (reason === null) return null;
  return { name, reason, ...(WAITS.has(reason) && load.freeAt !== null && { freeAt: load.freeAt }) };
}

function unfit(request: ChoiceRequest, { name, tags, model }: EndpointCandidate): LeftOutReason | null {
  const { pin } = request;
  if (pin !== null && pin !== name) return 'not_pinned';
  if (pin === null && !matchesTags(request.tags, tags)) return 'tags';
  if (pin === null && request.model !== null && request.model !== model) return 'model';
  return null;
}

/** An endpoint that is being drained still finishes the conversations that it has begun. */
function unusable({ session }: ChoiceRequest, candidate: EndpointCandidate, load: EndpointLoad): LeftOutReason | null {
  if (candidate.isDraining && session?.name !== candidate.name) return 'draining';
  if (candidate.isHealthy === false) return 'unhealthy';
  if (load.circuit === 'open') return 'circuit_open';
  if (load.room >= 1) return null;
  if (load.freeAt !== null) return 'rate_limited';
  // All of its trials are under way.
  return load.circuit === 'half_open' ? 'circuit_open' : 'full';
}

/** Any of the tags that are asked for will do; where none is, every endpoint will. */
export function matchesTags(asked: readonly string[], tags: readonly string[]): boolean {
  return asked.length === 0 || asked.some((tag) => tags.includes(tag));
}
