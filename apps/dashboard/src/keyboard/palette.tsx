import { useState } from 'react';
import type { KeyboardEvent } from 'react';

import { Dialog } from '../parts/dialog.tsx';
import { go, hrefOf } from '../router/router.ts';
import { useStore } from '../store/store.ts';
import { areOn, shortcuts } from './shortcuts.ts';
import type { Shortcut } from './shortcuts.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f-]{27}$/i;
const SHOWN = 14;

/** Everything that has a key, by name; and a run by its id. */
export function Palette({ onClose }: { onClose: () => void }) {
  const all = useStore(shortcuts);
  const [query, setQuery] = useState('');
  const [at, setAt] = useState(0);
  const found = matching(all, query.trim());
  const choose = (one: Shortcut | undefined) => {
    onClose();
    one?.act();
  };
  const press = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      setAt(Math.min(found.length - 1, Math.max(0, at + step)));
    }
    if (event.key === 'Enter') choose(found[at]);
  };
  return (
    <Dialog title="Go to, or do" onClose={onClose}>
      <div className="palette">
        <input
          autoFocus
          aria-label="What to do, or the id of a run"
          placeholder="What to do, or the id of a run"
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant={found[at] ? `palette-${at}` : undefined}
          value={query}
          onChange={(event) => {
            setQuery(event.target.value);
            setAt(0);
          }}
          onKeyDown={press}
        />
        <ul id="palette-list" role="listbox" aria-label="What can be done">
          {found.map((one, index) => (
            <li
              key={one.keys + one.label}
              id={`palette-${index}`}
              role="option"
              aria-selected={index === at}
              onClick={() => choose(one)}
            >
              {one.label} <kbd>{one.keys}</kbd>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}

function matching(all: readonly Shortcut[], query: string): Shortcut[] {
  if (UUID.test(query)) return [{ keys: '', label: `Open run ${query}`, act: () => go(hrefOf('run', { id: query })) }];
  const words = query.toLowerCase().split(/\s+/);
  return all.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word))).slice(0, SHOWN);
}

/** All keys that mean something here. */
export function ShortcutHelp({ onClose }: { onClose: () => void }) {
  const all = useStore(shortcuts);
  const isOn = useStore(areOn);
  return (
    <Dialog title="Keys" onClose={onClose}>
      <label className="row">
        <input type="checkbox" checked={isOn} onChange={(event) => areOn.set(event.target.checked)} />
        Single keys do something (Ctrl-K always does)
      </label>
      <table>
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Does</th>
          </tr>
        </thead>
        <tbody>
          {all.map(({ keys, label }) => (
            <tr key={keys + label}>
              <td>
                <kbd>{keys}</kbd>
              </td>
              <td>{label}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Dialog>
  );
}
