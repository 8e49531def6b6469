import { createStore } from '../store/store.ts';

/** What was done, for some seconds. `cli`: the command line that does the same. */
export type Toast = { text: string; cli?: string; isBad?: boolean };

const SHOWN_MS = 6000;
export const toasts = createStore<readonly (Toast & { id: number })[]>([]);
let nextId = 1;

export function say(toast: Toast): void {
  const id = nextId;
  nextId += 1;
  toasts.set((before) => [...before.slice(-2), { ...toast, id }]);
  setTimeout(() => toasts.set((before) => before.filter((one) => one.id !== id)), SHOWN_MS);
}
