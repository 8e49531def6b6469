import { createClient } from '@weft/sdk';
import type { WeftClient } from '@weft/sdk';

import { createStore } from '../store/store.ts';

/** Whom the server takes us for. `token`: a key or the token; null where the server asks for none. */
export type Identity = { token: string | null; tenant: string | null };

const KEPT = 'weft.identity';

export const identity = createStore<Identity>(readKept());
/** Whether the server has refused what we sent: then it is asked for. */
export const isRefused = createStore(false);

let client: WeftClient = clientOf(identity.get());
identity.subscribe(() => (client = clientOf(identity.get())));

export function api(): WeftClient {
  return client;
}

/** Uses another key from now on, and keeps it for this browser. */
export function signIn(next: Identity): void {
  localStorage.setItem(KEPT, JSON.stringify(next));
  isRefused.set(false);
  identity.set(next);
}

export function signOut(): void {
  localStorage.removeItem(KEPT);
  identity.set({ token: null, tenant: null });
}

function clientOf(who: Identity): WeftClient {
  return createClient({ url: location.origin, ...who });
}

function readKept(): Identity {
  try {
    const { token = null, tenant = null } = JSON.parse(localStorage.getItem(KEPT) ?? '{}') as Partial<Identity>;
    return { token, tenant };
  } catch {
    return { token: null, tenant: null };
  }
}
