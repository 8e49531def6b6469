import type { FileEndpoint, Json, ReplaceEndpoint, UpdateEndpoint } from '@weft/contract';

import { canonicalJson } from '../../domain/content-hash.ts';
import type { EndpointRecord, EndpointToken } from '../../ports/index.ts';

type Definition = Omit<FileEndpoint, 'tenant' | 'name' | 'token'>;
type Place = { tenant: string; name: string; source: 'api' | 'file' };

/** A new endpoint; the store knows the instants. */
export function toRecord({ token, ...definition }: ReplaceEndpoint, place: Place): EndpointRecord {
  const state = { isDraining: false, isHealthy: null, problem: null, createdAt: 0, updatedAt: 0 };
  return { ...place, ...toDefinition(definition), token: toToken(token), ...state };
}

/** What is given takes the place of what was, null removes it. */
export function changedRecord(record: EndpointRecord, { token, ...changes }: UpdateEndpoint): EndpointRecord {
  const given = Object.entries(changes).filter(([, value]) => value !== undefined);
  const fields = Object.entries({ ...definitionOf(record), ...Object.fromEntries(given) });
  const definition = toDefinition(Object.fromEntries(fields.filter(([, value]) => value !== null)) as Definition);
  return { ...record, ...definition, token: token === undefined ? record.token : toToken(token ?? undefined) };
}

/** Whether both say the same of the endpoint; how it is does not count. */
export function isSameEndpoint(a: EndpointRecord, b: EndpointRecord): boolean {
  return canonicalJson(saidOf(a)) === canonicalJson(saidOf(b));
}

function toDefinition({ protocol, url, model, ...rest }: Definition) {
  const { tags = [], specialties = [], maxConcurrent = 1, price = {}, limits = {}, health = {}, options = {} } = rest;
  return { protocol, url, model: model ?? null, tags, specialties, maxConcurrent, price, limits, health, options };
}

function toToken(token: ReplaceEndpoint['token']): EndpointToken | null {
  if (token === undefined) return null;
  return typeof token === 'string' ? { kind: 'value', value: token } : { kind: 'secret', name: token.secret };
}

function definitionOf(record: EndpointRecord) {
  const { protocol, url, model, tags, specialties, maxConcurrent, price, limits, health, options } = record;
  return { protocol, url, model, tags, specialties, maxConcurrent, price, limits, health, options };
}

function saidOf(record: EndpointRecord): Json {
  const { tenant, name, source, token } = record;
  return JSON.parse(JSON.stringify({ tenant, name, source, token, ...definitionOf(record) })) as Json;
}
