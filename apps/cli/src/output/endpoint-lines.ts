import type { Endpoint } from '@weft/contract';

import { formatDuration } from './duration.ts';
import { plainText } from './plain-text.ts';

export const ENDPOINT_HEADER = ['NAME', 'PROTOCOL', 'STATUS', 'RUNNING', 'LATENCY', 'MODEL', 'TAGS', 'URL'];

export function endpointRow(endpoint: Endpoint): string[] {
  const { name, protocol, running, maxConcurrent, model = '-', tags, url } = endpoint;
  return [
    name,
    protocol,
    statusText(endpoint),
    `${running}/${maxConcurrent}`,
    latency(endpoint),
    model,
    list(tags),
    url,
  ];
}

/** One field a line. */
export function endpointLines(endpoint: Endpoint): string[] {
  const { protocol, url, model, tags, specialties, running, maxConcurrent, problem, source, createdAt, updatedAt } =
    endpoint;
  const rows: [string, string][] = [
    ['name', endpoint.name],
    ['protocol', protocol],
    ['url', url],
    ['model', model ?? '-'],
    ['tags', list(tags)],
    ['specialties', list(specialties)],
    ['status', statusText(endpoint)],
    ['problem', problem ?? '-'],
    ['running', `${running} of ${maxConcurrent}`],
    ['latency', latency(endpoint)],
    ['price', priceText(endpoint)],
    ['limits', limitText(endpoint)],
    ['health', healthText(endpoint)],
    ['options', optionText(endpoint)],
    ['token', endpoint.hasToken ? 'set' : 'none'],
    ['source', source === 'file' ? 'the file of endpoints' : 'registered by a call'],
    ['created', createdAt],
    ['updated', updatedAt],
  ];
  return rows.map(([label, text]) => `${label.padEnd(12)} ${plainText(text)}`);
}

/** The circuit where the status does not say it. */
function statusText({ status, circuit }: Endpoint): string {
  return circuit === 'closed' || status === 'open' ? status : `${status}, circuit ${circuit.replace('_', ' ')}`;
}

function latency({ latencyMs }: Endpoint): string {
  return latencyMs === null ? '-' : formatDuration(latencyMs);
}

function priceText({ price = {} }: Endpoint): string {
  const { inputPerMTok, outputPerMTok, perCall } = price;
  const parts = [
    inputPerMTok !== undefined && `${inputPerMTok} USD / 1M tokens in`,
    outputPerMTok !== undefined && `${outputPerMTok} USD / 1M tokens out`,
    perCall !== undefined && `${perCall} USD / call`,
  ];
  return list(parts.filter((part) => part !== false));
}

function limitText({ limits = {} }: Endpoint): string {
  const { requestsPerMinute, tokensPerMinute } = limits;
  const parts = [
    requestsPerMinute !== undefined && `${requestsPerMinute} requests / min`,
    tokensPerMinute !== undefined && `${tokensPerMinute} tokens / min`,
  ];
  return list(parts.filter((part) => part !== false));
}

function healthText({ health = {}, protocol, url }: Endpoint): string {
  if (health.enabled === false) return 'not asked';
  if (protocol === 'mqtt' || protocol === 'redis_stream') return 'not asked: there is nothing to ask';
  return `GET ${health.url ?? url} every ${(health.everyMs ?? 30_000) / 1000} s`;
}

function optionText({ options = {} }: Endpoint): string {
  return Object.keys(options).length === 0 ? '-' : JSON.stringify(options);
}

function list(parts: readonly string[]): string {
  return parts.length === 0 ? '-' : parts.join(', ');
}
