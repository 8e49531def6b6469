import { createStore, useStore } from '../store/store.ts';

export type Theme = 'system' | 'light' | 'dark';

const KEPT = 'weft.theme';
const given = localStorage.getItem(KEPT);
const theme = createStore<Theme>(given === 'light' || given === 'dark' ? given : 'system');
const isDark = matchMedia('(prefers-color-scheme: dark)');
isDark.addEventListener('change', () => show(theme.get()));

export function useTheme(): Theme {
  return useStore(theme);
}

/** From now on, and at the next visit. */
export function setTheme(next: Theme): void {
  if (next === 'system') localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, next);
  show(next);
  theme.set(next);
}

/** The style sheet knows two themes; that of the system is one of them. */
function show(chosen: Theme): void {
  const ofSystem = isDark.matches ? 'dark' : 'light';
  document.documentElement.dataset['theme'] = chosen === 'system' ? ofSystem : chosen;
}

export function nextTheme(present: Theme): Theme {
  return present === 'system' ? 'light' : present === 'light' ? 'dark' : 'system';
}
