import type { AgentCard } from '@a2a-js/sdk';
import { A2A_PROTOCOL_VERSION, A2A_VERSION_HEADER, AGENT_CARD_PATH } from '@a2a-js/sdk';
import { DefaultAgentCardResolver } from '@a2a-js/sdk/client';
import { parseJson } from '@weft/executors/openai/parse-json';
import { z } from 'zod';

import type { CallTarget } from '../../protocol.ts';
import { RefusedError, badCard } from './bounded-fetch.ts';

/** Where cards were before version 0.3. */
const OLD_CARD_PATH = '.well-known/agent.json';

/** What Weft speaks of what the SDK speaks. */
const BINDINGS = new Set(['JSONRPC', 'HTTP+JSON']);

const cardShape = z.looseObject({
  name: z.string().optional(),
  capabilities: z.looseObject({ streaming: z.boolean().nullish() }).nullish(),
  supportedInterfaces: z
    .array(z.looseObject({ url: z.string(), protocolBinding: z.string(), protocolVersion: z.string() }))
    .min(1),
});

const resolver = new DefaultAgentCardResolver({ legacyCompat: { enabled: true } });

/**
 * Looks for the card of an agent: below its URL and at the root of its host, in the place of now and in the one of old; a URL
 * that ends in `.json` is the card's own. Null if there is none, as before there were cards.
 *
 * @throws RefusedError when the agent is out of reach or its card is of no use
 */
export async function findCard(target: CallTarget, fetchCard: typeof fetch): Promise<AgentCard | null> {
  for (const url of candidates(target.url)) {
    const text = await textAt(url, fetchCard);
    if (text !== null) return usable(target, normalized(target, url, text));
  }
  return null;
}

/** Two cards of one agent never say the same of where it is. */
function candidates(text: string): string[] {
  const url = new URL(text);
  url.hash = '';
  if (url.pathname.endsWith('.json')) return [url.href];
  const below = `${url.origin}${url.pathname.replace(/\/+$/, '')}/`;
  const found = [AGENT_CARD_PATH, OLD_CARD_PATH].flatMap((path) => [`${below}${path}`, `${url.origin}/${path}`]);
  return [...new Set(found)];
}

/** Null where there is no card: whoever has none says so in many ways, but not with a page. */
async function textAt(url: string, fetchCard: typeof fetch): Promise<string | null> {
  try {
    const headers = { accept: 'application/json', [A2A_VERSION_HEADER]: A2A_PROTOCOL_VERSION };
    const response = await fetchCard(url, { headers });
    return response.ok ? await response.text() : null;
  } catch (error) {
    const status = error instanceof RefusedError ? error.failed.error.details?.['status'] : null;
    if (status === 404 || status === 405 || status === 410 || status === 400) return null;
    throw error;
  }
}

function normalized(target: CallTarget, url: string, text: string): AgentCard {
  const value = parseJson(text);
  if (value === undefined) throw badCard(target, `${url} holds no JSON`);
  try {
    return resolver.normalizeAgentCard(value);
  } catch {
    throw badCard(target, `${url} holds no agent card`);
  }
}

/** The card with those interfaces alone that can be spoken to and lie where the endpoint does, or where its options allow. */
function usable(target: CallTarget, card: AgentCard): AgentCard {
  const parsed = cardShape.safeParse(card);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw badCard(target, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it is none'}`);
  }
  const spoken = card.supportedInterfaces.filter(({ protocolBinding }) => BINDINGS.has(protocolBinding.toUpperCase()));
  if (spoken.length === 0) throw badCard(target, `it offers none of ${[...BINDINGS].join(', ')}`);
  const allowed = allowedOrigins(target);
  const near = spoken.filter(({ url }) => allowed.has(URL.parse(url)?.origin ?? ''));
  if (near.length > 0) return { ...card, supportedInterfaces: near };
  const origins = [...new Set(spoken.map(({ url }) => URL.parse(url)?.origin ?? url))].join(', ');
  throw badCard(target, `it leads to ${origins}, where the token must not go; name it in options.origins if it may`);
}

function allowedOrigins({ url, options }: CallTarget): Set<string> {
  const more = Array.isArray(options['origins']) ? options['origins'] : [];
  return new Set([
    new URL(url).origin,
    ...more.flatMap((origin) => (typeof origin === 'string' ? (URL.parse(origin)?.origin ?? []) : [])),
  ]);
}
