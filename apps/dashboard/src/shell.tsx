import { useEffect, useState } from 'react';
import type { ReactNode } from 'react';

import { Jobs } from './actions/jobs.tsx';
import { identity, signOut } from './api/session.ts';
import { Palette, ShortcutHelp } from './keyboard/palette.tsx';
import { areOn, listenForKeys, useShortcuts } from './keyboard/shortcuts.ts';
import { eventRate, isConnected, isHighTraffic, isPaused } from './live/feed.ts';
import { say } from './parts/say.ts';
import { Toasts } from './parts/toasts.tsx';
import { Link } from './router/link.tsx';
import type { ViewName } from './router/paths.ts';
import { go, hrefOf, usePlace } from './router/router.ts';
import { useStore } from './store/store.ts';
import { nextTheme, setTheme, useTheme } from './style/theme.ts';

const VIEWS: readonly [view: ViewName, label: string, key: string][] = [
  ['now', 'Now', 'g n'],
  ['runs', 'Runs', 'g r'],
  ['workflows', 'Workflows', 'g f'],
  ['workers', 'Workers', 'g w'],
  ['lanes', 'Lanes, dead letters', 'g d'],
  ['endpoints', 'Endpoints', 'g e'],
  ['schedules', 'Schedules', 'g s'],
  ['approvals', 'Approvals', 'g a'],
  ['cost', 'Cost', 'g c'],
  ['squad', 'Squad', 'g q'],
];

/** Which entry a view stands under. */
const UNDER: Partial<Record<ViewName, ViewName>> = { run: 'runs', compare: 'runs', workflow: 'workflows' };

/** What is around every view. */
export function Shell({ children }: { children: ReactNode }) {
  const [open, setOpen] = useState<'palette' | 'help' | null>(null);
  const theme = useTheme();
  useEffect(() => listenForKeys(() => setOpen('palette')), []);
  useShortcuts([
    ...VIEWS.map(([view, label, keys]) => ({ keys, label: `Go to ${label}`, act: () => go(hrefOf(view)) })),
    { keys: '?', label: 'Show all keys', act: () => setOpen('help') },
    { keys: 't', label: 'Change the theme', act: () => setTheme(nextTheme(theme)) },
    { keys: 'p', label: 'Pause or go on with what is live', act: () => isPaused.set((before) => !before) },
    { keys: '.', label: 'Copy the address of this view', act: () => void copyAddress() },
  ]);
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to the content
      </a>
      <Side />
      <header className="top">
        <button type="button" onClick={() => setOpen('palette')}>
          Search or do <kbd>Ctrl-K</kbd>
        </button>
        <div className="grow" />
        <LiveBadge />
        <button type="button" onClick={() => setTheme(nextTheme(theme))} title="Theme: system, light, dark">
          Theme: {theme}
        </button>
        <button type="button" onClick={() => setOpen('help')} aria-label="Show all keys">
          ?
        </button>
        {useStore(identity).token !== null && (
          <button type="button" onClick={signOut}>
            Sign out
          </button>
        )}
      </header>
      <main id="main" tabIndex={-1}>
        <Jobs />
        {children}
      </main>
      <Toasts />
      {open === 'palette' && <Palette onClose={() => setOpen(null)} />}
      {open === 'help' && <ShortcutHelp onClose={() => setOpen(null)} />}
    </div>
  );
}

function Side() {
  const { view } = usePlace();
  const isOn = useStore(areOn);
  const present = view === null ? null : (UNDER[view] ?? view);
  return (
    <nav className="side" aria-label="Views">
      <Link className="brand" href="/">
        Weft
      </Link>
      {VIEWS.map(([name, label, keys]) => (
        <Link key={name} href={hrefOf(name)} aria-current={name === present ? 'page' : undefined}>
          {label} {isOn && <kbd aria-hidden="true">{keys}</kbd>}
        </Link>
      ))}
      <a href="/docs">API</a>
    </nav>
  );
}

/** Whether what is shown is live, and how much there is of it. */
function LiveBadge() {
  const isUp = useStore(isConnected);
  const rate = useStore(eventRate);
  const isMuch = useStore(isHighTraffic);
  const isHeld = useStore(isPaused);
  // A view without anything live has no connection to tell of.
  if (isUp === null) return null;
  return (
    <>
      {isMuch && <span className="badge badge-much">High traffic: the newest state is shown, not each event</span>}
      <button type="button" aria-pressed={isHeld} onClick={() => isPaused.set(!isHeld)}>
        {isHeld ? 'Go on' : 'Pause'}
      </button>
      <span className={`badge ${isUp ? 'badge-up' : 'badge-down'}`} data-live={String(isUp)}>
        {isUp ? (isHeld ? 'paused' : `live · ${rate}/s`) : 'offline, connecting again'}
      </span>
      <span className="unseen" role="status">
        {isUp ? '' : 'The connection is lost; it is made again.'}
      </span>
    </>
  );
}

async function copyAddress(): Promise<void> {
  await navigator.clipboard.writeText(location.href);
  say({ text: 'Copied the address of this view' });
}
