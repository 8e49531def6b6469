/**
 * Where a call goes: first those endpoints are left out that cannot take it, then the rest is put in order. It is told with its
 * numbers, so that anybody can see afterwards why it went there.
 */
import type { Json } from '@weft/contract';

import { drawBeta } from './beta.ts';
import type { EndpointLoad } from './call.ts';
import type { ChoiceRequest, EndpointCandidate } from './choice-request.ts';
import { leaveOut, WAITS } from './leave-out.ts';
import type { LeftOut } from './leave-out.ts';

export type ChoiceOptions = {
  /** `thompson`: by a draw for each from what is known of its successes, so that those that failed get another try now and then. */
  strategy: 'score' | 'thompson' | 'cheapest';
  /** Money or tokens are to be saved, whatever the request would like. */
  isEmergency: boolean;
  /** Draws in [0, 1). */
  random: () => number;
};

/** One that could take the call, with the numbers of its place. */
export type Considered = {
  name: string;
  score: number;
  latencyMs: number | null;
  running: number;
  usd: number | null;
  isSpecialist?: true;
  wasTried?: true;
};

export type ChoiceRule = 'pin' | 'session' | 'emergency' | 'prefer' | 'untried' | 'only' | ChoiceOptions['strategy'];

export type Choice = {
  /** Names in the order in which they are to be asked for a place; empty: none can take the call now. */
  order: string[];
  /** By which rule the first of them stands there; null: there is none. */
  why: ChoiceRule | null;
  /** The cheapest of those that could take it. */
  cheapest: string | null;
  considered: Considered[];
  leftOut: LeftOut[];
  /** Whether waiting helps if `order` is empty: one would do that has no room or is not to be used at present. */
  canWait: boolean;
  /** When one of those has room, as far as that is known, epoch ms. */
  freeAt: number | null;
};

/** A specialist is worth a second of latency, each call under way 50 ms, and a cent 100 ms. */
const POINTS = { specialist: 1000, perMs: 1, perRunning: 50, perUsd: 10_000 };
const UNKNOWN_LATENCY_MS = 100;

/** In order of `candidates` is how each of them is. */
export function chooseEndpoints(
  request: ChoiceRequest,
  candidates: readonly EndpointCandidate[],
  loads: readonly EndpointLoad[],
  options: ChoiceOptions,
): Choice {
  const pairs = candidates.flatMap((candidate, index) => {
    const load = loads[index];
    return load ? [{ candidate, load, out: leaveOut(request, candidate, load) }] : [];
  });
  const leftOut = pairs.flatMap(({ out }) => out ?? []);
  const considered = pairs
    .filter(({ out }) => out === null)
    .map(({ candidate, load }) => {
      return considerOne(request, candidate, { load, options });
    });
  const waiting = leftOut.filter(({ reason }) => WAITS.has(reason));
  const rest = { cheapest: null, considered: [], leftOut, canWait: waiting.length > 0, freeAt: soonest(waiting) };
  const holder = request.session?.holdsIt ? waiting.find(({ name }) => name === request.session?.name) : undefined;
  const isWaitedFor = holder !== undefined && (holder.reason === 'full' || holder.reason === 'rate_limited');
  if (isWaitedFor) return { ...rest, order: [], why: null, considered, freeAt: holder.freeAt ?? null };
  if (considered.length === 0) return { ...rest, order: [], why: null };
  const byPrice = considered.toSorted(cheaper);
  const { first, why } = pick(request, { considered, byPrice, options });
  const others = (options.strategy === 'thompson' ? considered.toSorted(better) : byPrice).filter(
    (one) => one !== first,
  );
  const order = [first, ...others.filter(isUntried), ...others.filter((one) => !isUntried(one))].map(
    ({ name }) => name,
  );
  return { ...rest, order, why, cheapest: byPrice[0]?.name ?? null, considered: considered.toSorted(better) };
}

function considerOne(
  { specialty, tried, costOf }: ChoiceRequest,
  { name, specialties }: EndpointCandidate,
  { load, options }: { load: EndpointLoad; options: ChoiceOptions },
): Considered {
  const isSpecialist = specialty !== null && specialties.includes(specialty);
  const usd = costOf(name);
  const { latencyMs, running } = load;
  const points =
    (isSpecialist ? POINTS.specialist : 0) -
    (latencyMs ?? UNKNOWN_LATENCY_MS) * POINTS.perMs -
    running * POINTS.perRunning -
    (usd ?? 0) * POINTS.perUsd;
  const drawn = options.strategy === 'thompson' && !options.isEmergency;
  const score = drawn ? drawBeta(1 + load.succeeded, 1 + load.failed, options.random) : points;
  const flags = { ...(isSpecialist && { isSpecialist }), ...(tried.includes(name) && { wasTried: true as const }) };
  return { name, score, latencyMs, running, usd, ...flags };
}

type Picking = { considered: readonly Considered[]; byPrice: readonly Considered[]; options: ChoiceOptions };

function pick(
  request: ChoiceRequest,
  { considered, byPrice, options }: Picking,
): { first: Considered; why: ChoiceRule } {
  const untried = considered.filter(isUntried);
  const left = untried.length > 0 ? untried : considered;
  const named = (name: string | undefined) => considered.find((one) => one.name === name);
  const [only] = considered;
  const cheapest = byPrice.find((one) => left.includes(one)) ?? only;
  const best = left.toSorted(better)[0] ?? only;
  if (!only || !cheapest || !best) throw new Error('there is nothing to pick from');
  if (request.pin !== null) return { first: only, why: 'pin' };
  const { session } = request;
  const own = named(session?.name);
  if (own && session && (session.holdsIt || (!options.isEmergency && isUntried(own))))
    return { first: own, why: 'session' };
  if (considered.length === 1) return { first: only, why: 'only' };
  if (options.isEmergency) return { first: cheapest, why: 'emergency' };
  const preferred = request.prefer.map(named).find((one) => one !== undefined && left.includes(one));
  if (preferred) return { first: preferred, why: 'prefer' };
  if (untried.length === 1) return { first: best, why: 'untried' };
  return options.strategy === 'cheapest'
    ? { first: cheapest, why: 'cheapest' }
    : { first: best, why: options.strategy };
}

function isUntried({ wasTried }: Considered): boolean {
  return wasTried !== true;
}

function better(a: Considered, b: Considered): number {
  return b.score - a.score || byName(a, b);
}

/** What has no known price may cost anything. */
function cheaper(a: Considered, b: Considered): number {
  const [mine, theirs] = [a.usd ?? Number.MAX_VALUE, b.usd ?? Number.MAX_VALUE];
  return mine - theirs || better(a, b);
}

function byName(a: Considered, b: Considered): number {
  return a.name < b.name ? -1 : Number(a.name > b.name);
}

function soonest(waiting: readonly LeftOut[]): number | null {
  const ats = waiting.flatMap(({ freeAt }) => freeAt ?? []);
  return ats.length === 0 ? null : Math.min(...ats);
}

/** So many are told of each; more are counted. */
const MOST_TOLD = 20;

/** The decision, small enough to be kept with an attempt. `chosen`: where it went in the end. */
export function tellChoice(choice: Choice, chosen: string): Json {
  const { why, order, cheapest, considered, leftOut } = choice;
  const told = considered
    .slice(0, MOST_TOLD)
    .map(({ score, ...rest }) => ({ ...rest, score: Math.round(score * 1000) / 1000 }));
  return {
    endpoint: chosen,
    why: chosen === order[0] ? why : 'fallback',
    cheapest,
    considered: told,
    leftOut: leftOut.slice(0, MOST_TOLD).map(({ name, reason }) => ({ name, reason })),
    ...(considered.length > MOST_TOLD && { moreConsidered: considered.length - MOST_TOLD }),
    ...(leftOut.length > MOST_TOLD && { moreLeftOut: leftOut.length - MOST_TOLD }),
  };
}
