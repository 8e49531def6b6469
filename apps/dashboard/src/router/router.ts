import { createStore, useStore } from '../store/store.ts';
import { PATHS } from './paths.ts';
import type { ViewName } from './paths.ts';

/** Where the page is: all that a view shows follows from it. */
export type Place = {
  view: ViewName | null;
  params: Readonly<Record<string, string>>;
  search: URLSearchParams;
  path: string;
};

const place = createStore<Place>(readPlace());

addEventListener('popstate', () => place.set(readPlace()));

export function usePlace(): Place {
  return useStore(place);
}

export function presentPlace(): Place {
  return place.get();
}

/** `isReplaced`: Back does not lead to the place before. */
export function go(href: string, { isReplaced = false }: { isReplaced?: boolean } = {}): void {
  if (isReplaced) history.replaceState(null, '', href);
  else history.pushState(null, '', href);
  if (!isReplaced && new URL(href, location.href).pathname !== place.get().path) scrollTo(0, 0);
  place.set(readPlace());
}

/** The path of a view, such as `/runs/42` for `hrefOf('run', { id: '42' })`. */
export function hrefOf(
  view: ViewName,
  params: Readonly<Record<string, string>> = {},
  search: Readonly<Record<string, string | number | null | undefined>> = {},
): string {
  const path = PATHS[view].replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const given = Object.entries(search).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return query === '' ? path : `${path}?${query}`;
}

function readPlace(): Place {
  const { pathname, search } = location;
  for (const [view, pattern] of Object.entries(PATHS)) {
    const params = match(pattern, pathname);
    if (params) return { view: view as ViewName, params, search: new URLSearchParams(search), path: pathname };
  }
  return { view: null, params: {}, search: new URLSearchParams(search), path: pathname };
}

function match(pattern: string, path: string): Record<string, string> | null {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  if (wanted.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const text = given[index] ?? '';
    if (part.startsWith(':') && text !== '') params[part.slice(1)] = decodeURIComponent(text);
    else if (part !== text) return null;
  }
  return params;
}
