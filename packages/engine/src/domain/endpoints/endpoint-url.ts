/** Whether a URL can be one of an endpoint. */
import type { EndpointProtocol } from '@weft/contract';

type Rule = { schemes: readonly string[]; path: string | null };

const HTTP = ['http:', 'https:'];

/** `path`: what the path of such a URL says; null where it may be left out. */
const RULES: Readonly<Record<EndpointProtocol, Rule>> = {
  webhook: { schemes: HTTP, path: 'where it listens' },
  api_chat: { schemes: HTTP, path: null },
  openai_chat: { schemes: HTTP, path: null },
  a2a: { schemes: HTTP, path: null },
  mqtt: { schemes: ['mqtt:', 'mqtts:'], path: 'the topic' },
  redis_stream: { schemes: ['redis:', 'rediss:'], path: 'the stream' },
};

/** Why this is no URL of an endpoint of that protocol, or null. Never holds what the URL may hold of a credential. */
export function checkEndpointUrl(protocol: EndpointProtocol, url: string): string | null {
  const { schemes, path } = RULES[protocol];
  const problem = checkUrl(url, schemes);
  if (problem !== null || path === null) return problem;
  const example = `${schemes[0]}//host/path`;
  return /^\/+$|^$/.test(new URL(url).pathname) ? `the URL needs an explicit path, ${path}: ${example}` : null;
}

/** Why this is no URL that a health check can ask, or null. */
export function checkHealthUrl(url: string): string | null {
  return checkUrl(url, HTTP);
}

function checkUrl(url: string, schemes: readonly string[]): string | null {
  const names = schemes.map((scheme) => `${scheme}//`).join(' or ');
  const parsed = URL.parse(url);
  // The parser takes blanks, and slashes the wrong way, and forgives them; who calls it later may not.
  if (parsed === null || /[\s\\]/.test(url)) return `it is no URL; it begins with ${names}`;
  if (!schemes.includes(parsed.protocol)) return `the URL must begin with ${names}`;
  if (parsed.hostname === '') return 'the URL names no host';
  if (parsed.username !== '' || parsed.password !== '')
    return 'the URL must not hold a user or a password: give them as the token';
  return null;
}
