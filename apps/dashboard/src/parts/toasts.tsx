import { createStore, useStore } from '../store/store.ts';
import { CliLine } from './cli-line.tsx';

/** What was done, for some seconds. `cli`: the command line that does the same. */
type Toast = { text: string; cli?: string; isBad?: boolean };

const SHOWN_MS = 6000;
const toasts = createStore<readonly (Toast & { id: number })[]>([]);
let nextId = 1;

export function say(toast: Toast): void {
  const id = nextId;
  nextId += 1;
  toasts.set((before) => [...before.slice(-2), { ...toast, id }]);
  setTimeout(() => toasts.set((before) => before.filter((one) => one.id !== id)), SHOWN_MS);
}

export function Toasts() {
  return (
    <div className="toasts" role="status">
      {useStore(toasts).map(({ id, text, cli, isBad }) => (
        <div key={id} className={isBad === true ? 'toast toast-bad' : 'toast'}>
          <p>{text}</p>
          {cli !== undefined && <CliLine line={cli} />}
        </div>
      ))}
    </div>
  );
}
