import type { Json } from '@weft/contract';
import type { Issue } from './issue-list.ts';
import { parseJson, placeJson } from './parse-json.ts';
import { type Locate, locator } from './source-map.ts';
import { readInThread } from './yaml-thread.ts';

export type MediaType = 'json' | 'yaml';

/**
 * Bounds of a text: UTF-8 bytes, levels of nesting, and the time that YAML may take. A MiB of YAML needs 0.7 to 1.7 s on a
 * busy machine of two cores, so the default leaves room.
 */
export type ParseLimits = { jsonBytes: number; yamlBytes: number; maxDepth: number; yamlTimeoutMs: number };

export const DEFAULT_PARSE_LIMITS: ParseLimits = {
  jsonBytes: 8 * 1024 * 1024,
  yamlBytes: 1024 * 1024,
  maxDepth: 64,
  yamlTimeoutMs: 5000,
};

/** A value and where its parts stand in the text, or every reason why there is none. */
export type ParsedDocument = { ok: true; value: Json; locate: Locate } | { ok: false; errors: Issue[] };

/**
 * Reads a document's text; hostile text costs bounded time and memory. Throws `AppError` `too_many_requests` when too
 * much YAML waits already.
 */
export async function parseDocument(
  text: string,
  mediaType: MediaType,
  limits: Partial<ParseLimits> = {},
): Promise<ParsedDocument> {
  const bounds = { ...DEFAULT_PARSE_LIMITS, ...limits };
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const maxBytes = mediaType === 'yaml' ? bounds.yamlBytes : bounds.jsonBytes;
  if (Buffer.byteLength(source) > maxBytes) return { ok: false, errors: [tooLarge(mediaType, maxBytes)] };
  return mediaType === 'yaml' ? parseYaml(source, bounds) : parseJsonDocument(source, bounds);
}

function parseJsonDocument(text: string, limits: ParseLimits): ParsedDocument {
  const parsed = parseJson(text, limits);
  return parsed.ok ? { ...parsed, locate: locator(text, () => placeJson(text)) } : parsed;
}

async function parseYaml(text: string, { maxDepth, yamlTimeoutMs }: ParseLimits): Promise<ParsedDocument> {
  const answer = await readInThread({ text, maxDepth }, yamlTimeoutMs);
  if (!answer.ok) return answer;
  return { ok: true, value: answer.value, locate: locator(text, () => answer.tree) };
}

function tooLarge(mediaType: MediaType, maxBytes: number): Issue {
  const hint = mediaType === 'yaml' ? '; larger documents may come as JSON' : '';
  const message = `a document has at most ${maxBytes} bytes as ${mediaType === 'yaml' ? 'YAML' : 'JSON'}${hint}`;
  return { code: 'limit_bytes', pointer: '', message };
}
