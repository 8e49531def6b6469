/** Retries, caches, tags and the other fields that say how a worker's part is done. */
import { type JsonObject, MAX_MS } from '@weft/contract';
import { Fields } from '../foreign/fields.ts';

const NONE: ReadonlySet<string> = new Set();

/** Whether numbers out of bounds are errors, as in a list of steps, or are moved to the bound, as in a graph. */
export type Strictness = 'strict' | 'clamp';

/** `retry` as the native policy. The pauses are upper bounds here: each is drawn at random below them. */
export function mapRetry(fields: Fields, strictness: Strictness): JsonObject {
  const value = fields.object('retry');
  if (value === undefined) return {};
  const inner = new Fields(value, fields.at('retry'), fields.log);
  const bounds = { least: 1, most: MAX_MS };
  const retry: JsonObject = {
    ...bounded(inner, 'max_attempts', { name: 'maxAttempts', least: 1, most: 100, strictness }),
    ...bounded(inner, 'initial_interval_ms', { name: 'initialMs', ...bounds }),
    ...bounded(inner, 'backoff_factor', { name: 'factor', least: 1, most: 100, isInteger: false }),
    ...bounded(inner, 'max_interval_ms', { name: 'maxMs', ...bounds }),
  };
  inner.finish(NONE, 'a retry policy');
  return Object.keys(retry).length > 0 ? { retry } : {};
}

/** `cache.ttl_ms`; what has expired at once is no cache. */
export function mapCache(fields: Fields): JsonObject {
  const value = fields.object('cache');
  if (value === undefined) return {};
  const inner = new Fields(value, fields.at('cache'), fields.log);
  if (!inner.has('ttl_ms')) inner.log.remark('no_effect', inner.path, 'a cache without ttl_ms keeps nothing');
  const ttl = bounded(inner, 'ttl_ms', { name: 'ttlMs', least: 1, most: MAX_MS });
  inner.finish(NONE, 'a cache');
  return Object.keys(ttl).length > 0 ? { cache: ttl } : {};
}

/** `worker_tags`: a worker with any of them does there, an endpoint needs all of them here. */
export function mapTags(fields: Fields): JsonObject {
  const tags = [...new Set(fields.texts('worker_tags'))];
  if (tags.length === 0) return {};
  if (tags.length > 1) {
    const message = 'NullBoiler takes a worker with any of these tags; here an endpoint needs all of them';
    fields.log.remark('any_tag', fields.at('worker_tags'), message);
  }
  return { tags };
}

type Bounds = { name: string; least: number; most: number; isInteger?: boolean; strictness?: Strictness };

/** A number under its native name, within the native bounds. */
export function bounded(fields: Fields, key: string, bounds: Bounds): JsonObject {
  const { name, least, most, isInteger = true, strictness = 'clamp' } = bounds;
  const value = isInteger ? fields.integer(key) : fields.number(key);
  if (value === undefined) return {};
  if (value < least && strictness === 'strict') {
    fields.log.error('invalid_value', fields.at(key), `must be at least ${least}`);
    return {};
  }
  const near = Math.min(Math.max(value, least), most);
  if (near !== value) fields.log.remark('clamped', fields.at(key), `${value} is out of bounds; it is ${near}`);
  return { [name]: near };
}
