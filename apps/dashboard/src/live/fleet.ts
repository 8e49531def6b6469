import type { LaneStatus, RunSummary, Worker } from '@weft/contract';
import { useCallback, useState } from 'react';

import type { Flush } from './protocol.ts';
import { useTopic } from './use-topic.ts';

/** The lanes as they are now, by name. */
export function useLanes(): readonly LaneStatus[] | null {
  return useItems<LaneStatus>('lanes', 'name', 'lane');
}

/** The workers as they are now. */
export function useWorkers(): readonly Worker[] | null {
  return useItems<Worker>('workers', 'id', 'worker');
}

/** The newest 50 runs, newest first, as they are now. */
export function useNewestRuns(onFlush?: (flush: Flush) => void): readonly RunSummary[] | null {
  return useItems<RunSummary>('runs', 'id', 'run', onFlush);
}

const MOST_ITEMS = 500;

function useItems<T extends object>(
  topic: string,
  name: keyof T,
  type: string,
  onFlush?: (flush: Flush) => void,
): readonly T[] | null {
  const [items, setItems] = useState<readonly T[] | null>(null);
  const take = useCallback((flush: Flush) => {
    onFlush?.(flush);
    setItems((before) => applyFlush(before, flush, { name, type }));
  }, []);
  useTopic(topic, take);
  return items;
}

function applyFlush<T extends object>(
  before: readonly T[] | null,
  { snapshot, events }: Flush,
  { name, type }: { name: keyof T; type: string },
): readonly T[] | null {
  if (!snapshot && !events.some((event) => event.type.startsWith(type))) return before;
  const items = new Map(((snapshot as readonly T[] | null) ?? before ?? []).map((item) => [String(item[name]), item]));
  const fresh: [string, T][] = [];
  for (const event of events) {
    const item = event.type === type ? (event.data as unknown as T) : null;
    if (event.type === `${type}_gone`) items.delete(String((event.data as Record<string, unknown>)[String(name)]));
    else if (item && items.has(String(item[name]))) items.set(String(item[name]), item);
    else if (item) fresh.push([String(item[name]), item]);
  }
  return [...new Map(fresh.toReversed()).values(), ...items.values()].slice(0, MOST_ITEMS);
}
