import { createStore, useStore } from '../store/store.ts';

export type Theme = 'system' | 'light' | 'dark';

const KEPT = 'weft.theme';
const given = localStorage.getItem(KEPT);
const theme = createStore<Theme>(given === 'light' || given === 'dark' ? given : 'system');

export function useTheme(): Theme {
  return useStore(theme);
}

/** From now on, and at the next visit. */
export function setTheme(next: Theme): void {
  if (next === 'system') {
    localStorage.removeItem(KEPT);
    delete document.documentElement.dataset['theme'];
  } else {
    localStorage.setItem(KEPT, next);
    document.documentElement.dataset['theme'] = next;
  }
  theme.set(next);
}

export function nextTheme(present: Theme): Theme {
  return present === 'system' ? 'light' : present === 'light' ? 'dark' : 'system';
}
