import { useCallback, useMemo } from 'react';

import { go, presentPlace, usePlace } from './router.ts';

/** How one parameter of the URL is read; null where it is missing or means nothing. */
export type Reader<T> = (text: string) => T | null;

export const text: Reader<string> = (given) => given;

export const int: Reader<number> = (given) => (/^\d{1,15}$/.test(given) ? Number(given) : null);

export function oneOf<const T extends string>(...values: readonly T[]): Reader<T> {
  return (given) => values.find((value) => value === given) ?? null;
}

type Readers = Readonly<Record<string, Reader<unknown>>>;
type Values<R extends Readers> = { [N in keyof R]: (R[N] extends Reader<infer T> ? T : never) | null };

/** The state of a view that stands in the URL. `R` must not change between calls. */
export function useSearch<R extends Readers>(
  readers: R,
): [Values<R>, (changes: Partial<Values<R>>, options?: { isReplaced?: boolean }) => void] {
  const { search } = usePlace();
  const values = useMemo(() => {
    const read = Object.entries(readers).map(([name, reader]) => {
      const given = search.get(name);
      return [name, given === null ? null : reader(given)];
    });
    return Object.fromEntries(read) as Values<R>;
  }, [search, readers]);
  const change = useCallback((changes: Partial<Values<R>>, options?: { isReplaced?: boolean }) => {
    const { path, search: present } = presentPlace();
    const next = new URLSearchParams(present);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === '') next.delete(name);
      else next.set(name, String(value));
    }
    const query = next.toString();
    go(query === '' ? path : `${path}?${query}`, options);
  }, []);
  return [values, change];
}
