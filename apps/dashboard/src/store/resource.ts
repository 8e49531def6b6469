import { useCallback, useEffect, useSyncExternalStore } from 'react';

import { isUnauthorized } from '../api/explain.ts';
import { isRefused } from '../api/session.ts';

/** What is known of an answer of the API. `data` stays while it is read again, and when that fails. */
export type Resource<T> = { data: T | null; error: unknown; isLoading: boolean };

type Entry = { resource: Resource<unknown>; load: (() => Promise<unknown>) | null; at: number; users: number };

const EMPTY: Resource<never> = { data: null, error: null, isLoading: true };
/** An answer that nobody looks at is forgotten after so long. */
const KEPT_MS = 60_000;
const entries = new Map<string, Entry>();
const listeners = new Set<() => void>();

/** The answer under `key`, read when first looked at; null as a key reads nothing. */
export function useResource<T>(key: string | null, load: () => Promise<T>): Resource<T> & { reload: () => void } {
  const read = useCallback(() => (key === null ? EMPTY : (entries.get(key)?.resource ?? EMPTY)), [key]);
  const resource = useSyncExternalStore(subscribe, read) as Resource<T>;
  useEffect(() => {
    if (key === null) return undefined;
    const entry = enter(key, load);
    entry.users += 1;
    void fetchInto(key, entry);
    return () => void (entry.users -= 1);
    // The key stands for all that `load` depends on.
  }, [key]);
  return { ...resource, reload: () => (key === null ? undefined : reload(key)) };
}

/** Reads again what is looked at now and whose key begins so. */
export function reload(prefix: string): void {
  for (const [key, entry] of entries) {
    if (!key.startsWith(prefix)) continue;
    if (entry.users > 0) void fetchInto(key, entry);
    else entries.delete(key);
  }
}

function enter(key: string, load: () => Promise<unknown>): Entry {
  forgetOld();
  const entry = entries.get(key) ?? { resource: EMPTY, load, at: 0, users: 0 };
  entry.load = load;
  entries.set(key, entry);
  return entry;
}

async function fetchInto(key: string, entry: Entry): Promise<void> {
  const { load } = entry;
  if (!load) return;
  const started = performance.now();
  entry.at = started;
  try {
    const data = await load();
    if (entry.at === started) entry.resource = { data, error: null, isLoading: false };
  } catch (error) {
    if (isUnauthorized(error)) isRefused.set(true);
    if (entry.at === started) entry.resource = { data: entry.resource.data, error, isLoading: false };
  }
  if (entries.get(key) === entry) tell();
}

function forgetOld(): void {
  const now = performance.now();
  for (const [key, { users, at }] of entries) if (users === 0 && now - at > KEPT_MS) entries.delete(key);
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(): void {
  for (const listener of listeners) listener();
}
