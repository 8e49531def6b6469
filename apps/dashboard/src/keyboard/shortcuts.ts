import { useEffect, useRef } from 'react';

import { createStore } from '../store/store.ts';

/** `keys`: a key, or two with a space between for one after the other. */
export type Shortcut = { keys: string; label: string; act: () => void };

/** Those of the present view, and those of all views. */
export const shortcuts = createStore<readonly Shortcut[]>([]);

const KEPT = 'weft.shortcuts';
/** Single keys may be switched off (WCAG 2.1.4); Ctrl-K stays. */
export const areOn = createStore(localStorage.getItem(KEPT) !== 'off');
areOn.subscribe(() => localStorage.setItem(KEPT, areOn.get() ? 'on' : 'off'));

const CHORD_MS = 1500;
let first: { key: string; at: number } | null = null;

/** Has these while the component is there. Labels and keys must stay the same. */
export function useShortcuts(own: readonly Shortcut[]): void {
  const latest = useRef(own);
  latest.current = own;
  useEffect(() => {
    const bound = own.map(({ keys, label }, index) => ({ keys, label, act: () => latest.current[index]?.act() }));
    shortcuts.set((all) => [...bound, ...all]);
    return () => shortcuts.set((all) => all.filter((one) => !bound.includes(one)));
  }, [own.map(({ keys, label }) => keys + label).join()]);
}

/** Listens for keys; `openPalette` is called for Ctrl-K and Cmd-K. Returns the function that ends it. */
export function listenForKeys(openPalette: () => void): () => void {
  const press = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      openPalette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !areOn.get() || isTyping(event.target)) return;
    const wanted = pressed(event.key);
    const found = shortcuts.get().find(({ keys }) => keys === wanted);
    if (!found) return;
    first = null;
    event.preventDefault();
    found.act();
  };
  addEventListener('keydown', press);
  return () => removeEventListener('keydown', press);
}

function pressed(key: string): string {
  const now = performance.now();
  const before = first && now - first.at < CHORD_MS ? first.key : null;
  first = { key, at: now };
  const chord = before === null ? null : `${before} ${key}`;
  return chord !== null && shortcuts.get().some(({ keys }) => keys === chord) ? chord : key;
}

/** No key means anything while somebody writes, or answers a dialog. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return (
    target.isContentEditable ||
    target.closest('input:not([type=checkbox],[type=range]), textarea, select, dialog') !== null
  );
}
