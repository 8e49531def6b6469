import type { AgentCard } from '@a2a-js/sdk';

import type { CallTarget } from '../../protocol.ts';
import { findCard } from './agent-card.ts';
import { sdkAgent } from './sdk-agent.ts';
import type { RemoteAgent } from './remote-agent.ts';
import { tasksSendAgent } from './tasks-send-agent.ts';

/** How an agent wants to be spoken to: by its card, or as agents were before there were messages. */
type Dialect = { kind: 'card'; card: AgentCard } | { kind: 'tasks_send'; url: string };

/** A card may change, but not from one call to the next. */
const KEEP_MS = 300_000;
const MOST_KEPT = 1_000;

/** Knows how agents are spoken to, and remembers it for five minutes. */
export class Agents {
  readonly #known = new Map<string, { dialect: Dialect; until: number }>();

  /** @throws RefusedError */
  async of(target: CallTarget, fetchImpl: typeof fetch): Promise<RemoteAgent> {
    const key = keyOf(target);
    const known = this.#known.get(key);
    const dialect =
      known !== undefined && known.until > performance.now() ? known.dialect : await find(target, fetchImpl);
    if (dialect !== known?.dialect) this.#remember(key, dialect);
    return dialect.kind === 'card' ? await sdkAgent(dialect.card, fetchImpl) : tasksSendAgent(dialect.url, fetchImpl);
  }

  /** The agent has a card, but does not know messages: then it is as old as that. Null if this was known already. */
  asOld(target: CallTarget, fetchImpl: typeof fetch): RemoteAgent | null {
    const key = keyOf(target);
    const dialect = this.#known.get(key)?.dialect;
    const url = dialect?.kind === 'card' ? dialect.card.supportedInterfaces[0]?.url : undefined;
    if (url === undefined) return null;
    this.#remember(key, { kind: 'tasks_send', url });
    return tasksSendAgent(url, fetchImpl);
  }

  /** It was not as its card says, or is not there: the next call asks anew. */
  forget(target: CallTarget): void {
    this.#known.delete(keyOf(target));
  }

  #remember(key: string, dialect: Dialect): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_KEPT && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, { dialect, until: performance.now() + KEEP_MS });
  }
}

async function find(target: CallTarget, fetchImpl: typeof fetch): Promise<Dialect> {
  const card = await findCard(target, fetchImpl);
  return card === null ? { kind: 'tasks_send', url: oldUrl(target.url) } : { kind: 'card', card };
}

function oldUrl(text: string): string {
  const url = new URL(text);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/a2a') ? path : `${path}/a2a`;
  return url.href;
}

function keyOf({ url, token, options }: CallTarget): string {
  return JSON.stringify([url, token, options]);
}
