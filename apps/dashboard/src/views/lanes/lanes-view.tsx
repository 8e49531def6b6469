import type { Lane } from '@weft/contract';
import { useEffect } from 'react';

import { ActionButton } from '../../actions/action-button.tsx';
import { api } from '../../api/session.ts';
import { Empty } from '../../parts/empty.tsx';
import { Loaded } from '../../parts/loading.tsx';
import { Page } from '../../parts/page.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { count, duration, plural } from '../../parts/words.ts';
import { oneOf, useSearch } from '../../router/search.ts';
import { reload, useResource } from '../../store/resource.ts';
import { DeadLetters } from './dead-letters.tsx';

const TABS = [
  { name: 'lanes', label: 'Lanes' },
  { name: 'dead', label: 'Dead letters' },
] as const;
const SEARCH = { tab: oneOf('lanes', 'dead') };
const REFRESH_MS = 2000;

/** What waits, and what has failed for good. */
export function LanesView() {
  const [{ tab }, setSearch] = useSearch(SEARCH);
  const present = tab ?? 'lanes';
  return (
    <Page title="Lanes and dead letters">
      <Tabs
        label="Lanes and dead letters"
        items={TABS}
        present={present}
        onChange={(name) => setSearch({ tab: name })}
      />
      <div id="tab-panel" role="tabpanel" aria-labelledby={`tab-${present}`} className="stack">
        {present === 'lanes' ? <Lanes /> : <DeadLetters />}
      </div>
    </Page>
  );
}

function Lanes() {
  const lanes = useResource('lanes', () => api().lanes.list());
  useEffect(() => {
    const timer = setInterval(() => document.visibilityState === 'visible' && lanes.reload(), REFRESH_MS);
    return () => clearInterval(timer);
  }, []);
  return (
    <Loaded of={lanes}>
      {({ items }) =>
        items.length === 0 ? (
          <Empty title="No lane yet" cli={['npx weft worker --lanes default,gpu']}>
            <p>
              A lane is where ready tasks wait for the workers that serve it. The first one comes with the first task or
              worker.
            </p>
          </Empty>
        ) : (
          <div className="grid">
            {items.map((lane) => (
              <LaneCard key={lane.name} lane={lane} />
            ))}
          </div>
        )
      }
    </Loaded>
  );
}

const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const;

function LaneCard({ lane }: { lane: Lane }) {
  const { name, pausedAt, workers, slots, offered, waiting, oldestWaitMs, depths } = lane;
  const action = {
    label: pausedAt === null ? 'Pause' : 'Resume',
    cli: `npx weft lanes ${pausedAt === null ? 'pause' : 'resume'} ${name}`,
    ...(pausedAt === null && {
      question: `Nobody claims from the lane ${name} until it is resumed. What runs goes on.`,
    }),
    perform: async () => {
      await (pausedAt === null ? api().lanes.pause(name) : api().lanes.resume(name));
      reload('lanes');
      return pausedAt === null ? `The lane ${name} is paused` : `The lane ${name} goes on`;
    },
  };
  return (
    <article className="card stack" aria-label={`Lane ${name}`}>
      <div className="row">
        <h2>{name}</h2>
        {pausedAt !== null && <span className="tag status-waiting">paused</span>}
        {workers === 0 && offered + waiting > 0 && <span className="tag status-failed">nobody serves it</span>}
      </div>
      <p>
        <strong>{count(offered + waiting)}</strong> wait
        {oldestWaitMs !== null && <span className="soft">, the oldest for {duration(oldestWaitMs)}</span>}
      </p>
      <p className="soft">
        {plural(workers, 'worker')} with {plural(slots, 'slot')}
      </p>
      <dl className="facts">
        {PRIORITIES.map((priority) => (
          <div key={priority} className="contents">
            <dt>{priority}</dt>
            <dd>{count(depths[priority])}</dd>
          </div>
        ))}
      </dl>
      <div className="row">
        <ActionButton action={action} />
      </div>
    </article>
  );
}
